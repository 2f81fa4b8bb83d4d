import { type ClockChange, clockChanges } from "./clock-changes.ts";
import { countOccurrences } from "./count.ts";
import { occurrenceAtOrAfter, occurrencesBetween } from "./occurrences.ts";
import { type Schedule, schedule } from "./schedule.ts";

export interface TimetabledJob {
  readonly id: string;
  readonly schedule: Schedule;
}

/** The slots between two instants, by day. */
export interface Timetable {
  readonly jobs: readonly {
    readonly id: string;
    readonly total: number;
    /** Null when there are more than `mostSlots`: the days have the counts. */
    readonly slots: readonly Date[] | null;
  }[];
  readonly days: readonly {
    readonly date: string;
    readonly startsAt: Date;
    /** By job; without jobs that have no slot that day. */
    readonly counts: Readonly<Record<string, number>>;
    /** In the zones of the jobs and of the table. */
    readonly clockChanges: readonly ClockChange[];
  }[];
  /** Sets of jobs that start at the same instant, of those whose slots are listed; the most frequent first. */
  readonly collisions: readonly { readonly jobs: readonly string[]; readonly times: number; readonly first: Date }[];
}

/**
 * All slots of jobs, by the days of a zone. The work is bounded: dense schedules are counted, not iterated.
 * @param days how many civil days, starting with the day of `from`
 */
export function timetable(
  jobs: readonly TimetabledJob[],
  { from, days, zone, mostSlots = 1_000 }: { from: Date; days: number; zone: string; mostSlots?: number },
): Timetable {
  const edges = midnights(from, days, zone);
  const end = edges.at(-1)!.startsAt;
  const zones = new Set([zone, ...jobs.map((job) => job.schedule.zone)]);
  const changes = [...zones].flatMap((name) => clockChanges(name, from, end));
  const listed = jobs.map(({ id, schedule: slots }) => {
    const total = countOccurrences(slots, from, end);
    return { id, total, slots: total <= mostSlots ? [...occurrencesBetween(slots, from, end)] : null };
  });
  return {
    jobs: listed,
    days: edges.slice(0, -1).map(({ date, startsAt }, day) => {
      const [since, until] = [day === 0 ? from : startsAt, edges[day + 1]!.startsAt];
      const counts = jobs.map(({ id, schedule: slots }) => [id, countOccurrences(slots, since, until)] as const);
      return {
        date,
        startsAt,
        counts: Object.fromEntries(counts.filter(([, count]) => count > 0)),
        clockChanges: changes.filter(({ at }) => at >= since && at < until),
      };
    }),
    collisions: collisionsOf(listed),
  };
}

function collisionsOf(jobs: Timetable["jobs"]): Timetable["collisions"] {
  const starts = jobs.flatMap(({ id, slots }) => (slots ?? []).map((at) => ({ id, at })));
  const together = [...Map.groupBy(starts, ({ at }) => at.getTime()).values()].filter((group) => group.length > 1);
  const bySet = Map.groupBy(together, (group) => group.map(({ id }) => id).join(" "));
  return [...bySet.values()]
    .map((groups) => ({
      jobs: groups[0]!.map(({ id }) => id),
      times: groups.length,
      first: new Date(Math.min(...groups.map(([one]) => one!.at.getTime()))),
    }))
    .sort((a, b) => b.times - a.times || a.first.getTime() - b.first.getTime());
}

/** The starts of the days of a zone, and the end of the last. A day without a midnight starts after the gap. */
function midnights(from: Date, days: number, zone: string): { date: string; startsAt: Date }[] {
  const midnight = schedule("0 0 0 * * *", zone);
  // The Swedish locale writes dates as ISO 8601 does.
  const dateAt = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
  const found = [{ date: dateAt.format(from), startsAt: from }];
  let next = occurrenceAtOrAfter(midnight, new Date(from.getTime() + 1));
  while (next && found.length <= days) {
    found.push({ date: dateAt.format(next), startsAt: next });
    next = occurrenceAtOrAfter(midnight, new Date(next.getTime() + 1));
  }
  return found;
}
