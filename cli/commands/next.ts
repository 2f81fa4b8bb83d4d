import { type Schedule, schedule, ScheduleError, upcoming } from "#schedule/index.ts";
import { whole } from "#settings/setting.ts";
import { defineCommand } from "../command.ts";
import { CommandError, UsageError } from "../command-errors.ts";
import { utcIso } from "../time-format.ts";

export const next = defineCommand({
  arguments: {
    expression: { about: "six fields in quotes: second minute hour day month weekday" },
    zone: { about: "the time zone, such as Europe/Berlin or UTC" },
  },
  options: {
    from: { about: "the first instant that counts (default: now)", placeholder: "<instant>", read: readInstant },
    count: { ...whole(1, 10_000, { about: "how many occurrences, 1 to 10000 (default 5)" }), placeholder: "<count>" },
  },
  examples: [
    "next '0 30 16 * * MON-FRI' Europe/Berlin",
    "next '0 */15 * * * *' UTC --from 2026-10-24T00:00:00Z --count 3",
  ],
  tooMany: "put the expression in quotes, otherwise the shell splits it.",
  async run({ arguments: { expression, zone }, options, out }) {
    const { from = new Date(), count = 5 } = options;
    // A millisecond earlier: `upcoming` excludes the given instant.
    const found = upcoming(read(expression, zone), new Date(from.getTime() - 1), count);
    if (found.length === 0)
      throw new CommandError(`next: the schedule has no occurrence from ${utcIso(from)} to the year 9999.`);
    out.line(found.map(utcIso).join("\n"));
    return 0;
  },
});

function read(expression: string, zone: string): Schedule {
  try {
    return schedule(expression, zone, { expression: "<expression>", zone: "<zone>" });
  } catch (error) {
    if (error instanceof ScheduleError) throw new UsageError(`next: ${error.faults.join("; ")}`);
    throw error;
  }
}

/** An instant needs an offset: without one, its meaning depends on the machine. */
function readInstant(text: string): Date {
  const [, year, month, day] =
    /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const instant = new Date(text);
  // `Date` turns 30 February into 2 March.
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  if (!isDay || Number.isNaN(instant.getTime())) throw new Error("an instant such as 2026-10-24T14:30:00Z");
  return instant;
}
