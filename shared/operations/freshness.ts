import type { Db } from "#data/client.ts";
import { addDays, type CivilDate, civilDateIn } from "#rules/civil-date.ts";
import { occurrencesBetween, schedule } from "#schedule/index.ts";

/**
 * Data that jobs keep up to date. A run that loads nothing new still succeeds; the freshness shows that data is
 * missing.
 */
export interface DataSet {
  readonly id: string;
  readonly family: string;
  readonly title: string;
  /** Ids of the jobs that load it. */
  readonly jobs: readonly string[];
  /** Working days that may pass without newer data, by the calendar and time zone of its source. */
  readonly allowedWorkingDays: number;
  readonly isWorkingDay: (date: CivilDate) => boolean;
  readonly zone: string;
  /** The day of the newest data; null when there is none. */
  readonly newest: (db: Db) => Promise<CivilDate | null>;
}

/** The age of a data set, judged. */
export interface Freshness {
  readonly state: "fresh" | "stale" | "empty";
  readonly newest: CivilDate | null;
  /** When it becomes or became stale; null for an empty set. */
  readonly staleSince: Date | null;
}

/** Judges the age of a data set: it is stale from the midnight that ends the last allowed working day. Pure. */
export function freshnessOf(
  { allowedWorkingDays, isWorkingDay, zone }: Pick<DataSet, "allowedWorkingDays" | "isWorkingDay" | "zone">,
  newest: CivilDate | null,
  now: Date,
): Freshness {
  if (newest === null) return { state: "empty", newest, staleSince: null };
  let due = newest;
  for (let passed = 0; passed < allowedWorkingDays;) {
    due = addDays(due, 1);
    if (isWorkingDay(due)) passed += 1;
  }
  const staleSince = startOf(addDays(due, 1), zone);
  return { state: now >= staleSince ? "stale" : "fresh", newest, staleSince };
}

/** The first instant of a civil day in a zone. */
function startOf(date: CivilDate, zone: string): Date {
  const [from, to] = [new Date(`${addDays(date, -1)}T00:00:00Z`), new Date(`${addDays(date, 2)}T00:00:00Z`)];
  for (const midnight of occurrencesBetween(schedule("0 0 0 * * *", zone), from, to)) {
    if (civilDateIn(zone, midnight) >= date) return midnight;
  }
  return to;
}
