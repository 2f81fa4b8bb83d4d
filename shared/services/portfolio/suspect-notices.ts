import type { SuspectPoint } from "#data/portfolio/suspect-schema.ts";
import { type NewNotification, OPERATORS } from "#notifications/notification.ts";

/** Points that a notification names. */
const NAMED = 10;

/** One notification for points that are newly held back. A point that stays held is never new again. */
export function suspectNotices(newlyHeld: readonly SuspectPoint[]): NewNotification[] {
  const [first] = newlyHeld;
  if (!first) return [];
  const count = newlyHeld.length;
  const named = newlyHeld.slice(0, NAMED).map(({ subject, date, reason }) => `${subject} ${date}: ${reason}`);
  const more = count > NAMED ? [`and ${count - NAMED} more`] : [];
  const how =
    "They are used by nothing. A later answer may confirm or correct them; GET api/v1/suspect-points lists them, " +
    "and POST api/v1/suspect-points/{id}/release or reject decides.";
  return [
    {
      recipient: OPERATORS,
      type: "data.suspect",
      severity: "WARN",
      title:
        count === 1
          ? `${first.subject}: a ${NOUN[first.kind]} of ${first.date} is held back as implausible`
          : `${count} values are held back as implausible`,
      body: [...named, ...more, how].join("\n"),
      data: { kind: first.kind, points: count },
      dedupeKey: `data.suspect:${first.id}`,
    },
  ];
}

const NOUN = { price: "price", rate: "rate", contribution: "contribution" } as const;
