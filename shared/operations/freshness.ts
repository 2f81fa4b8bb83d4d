import type { Db } from "#data/client.ts";
import { addDays, type CivilDate, civilDateIn } from "#rules/civil-date.ts";
import { occurrencesBetween, schedule } from "#schedule/index.ts";

/** Data that a family keeps up to date. A run that brought nothing new is green; what it should have brought is missing here. */
export interface DataSet {
  readonly id: string;
  readonly family: string;
  readonly title: string;
  /** The jobs that bring it. */
  readonly jobs: readonly string[];
  /** How many working days may pass without anything newer, on the calendar and clocks of its source. */
  readonly allowedWorkingDays: number;
  readonly isWorkingDay: (date: CivilDate) => boolean;
  readonly zone: string;
  /** The day of the newest data; null when there is none. */
  readonly newest: (db: Db) => Promise<CivilDate | null>;
}

export interface Freshness {
  readonly state: "fresh" | "stale" | "empty";
  readonly newest: CivilDate | null;
  /** When it becomes stale, or since when it is; null for an empty set. */
  readonly staleSince: Date | null;
}

/** A set is stale from the midnight that ends the last working day in which something newer was to come. */
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
