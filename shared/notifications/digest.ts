import { z } from "zod";
import { truncate } from "./channel.ts";
import { escapeHtml, paragraphs } from "./html-page.ts";
import { DIGEST_TYPE, type NewNotification, SEVERITIES } from "./notification.ts";

/** Notifications that a digest lists; it only counts the others. */
const SHOWN = 50;

/** The data of a digest. */
export const digestSchema = z.object({
  day: z.iso.date(),
  entries: z.array(z.object({ severity: z.enum(SEVERITIES), title: z.string(), body: z.string(), at: z.string() })),
  more: z.int().min(0),
});
export type Digest = z.infer<typeof digestSchema>;

/** An unread notification for a digest. */
export interface Unread {
  readonly severity: (typeof SEVERITIES)[number];
  readonly title: string;
  readonly body: string;
  readonly createdAt: Date;
}

/**
 * The notification that lists all unread ones of the day: the most urgent first, then the newest. One per local day.
 * @param day the local one, YYYY-MM-DD
 */
export function digestOf(
  recipient: string,
  unread: readonly Unread[],
  { day, zone }: { readonly day: string; readonly zone: string },
): NewNotification {
  const inOrder = unread.toSorted(
    (a, b) =>
      SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || b.createdAt.getTime() - a.createdAt.getTime(),
  );
  const time = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: zone });
  const digest: Digest = {
    day,
    entries: inOrder.slice(0, SHOWN).map(({ severity, title, body, createdAt }) => ({
      severity,
      title,
      body: truncate(body, 1_000),
      at: time.format(createdAt),
    })),
    more: Math.max(0, unread.length - SHOWN),
  };
  const title = `${unread.length} unread ${unread.length === 1 ? "notification" : "notifications"}, ${day}`;
  return {
    recipient,
    title,
    type: DIGEST_TYPE,
    severity: "INFO",
    channels: ["email"],
    dedupeKey: `digest:${day}`,
    body: digestText(digest),
    data: digest,
  };
}

export function digestText({ day, entries, more }: Digest): string {
  const parts = entries.map(
    ({ severity, title, body, at }) => `${severity}  ${title}\n${at}${body ? `\n${body}` : ""}`,
  );
  return [`Unread notifications of ${day}`, ...parts, ...(more ? [andMore(more)] : [])].join("\n\n");
}

/** The HTML of the page's body. */
export function digestHtml({ day, entries, more }: Digest): string {
  const parts = entries.map(
    ({ severity, title, body, at }) =>
      `<h2>${severity === "INFO" ? "" : `${severity}: `}${escapeHtml(title)}</h2>\n<p class="when">${escapeHtml(at)}</p>\n${paragraphs(body)}`,
  );
  return [`<h1>Unread notifications of ${day}</h1>`, ...parts, ...(more ? [`<p>${andMore(more)}</p>`] : [])].join("\n");
}

function andMore(more: number): string {
  return `And ${more} more in the app.`;
}
