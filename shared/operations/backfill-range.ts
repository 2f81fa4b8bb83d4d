import { InvalidInput } from "#jobs/endings.ts";
import { countOccurrences, occurrencesBetween, type Schedule } from "#schedule/index.ts";

/** Most slots of one backfill. */
export const MOST_SLOTS = 10_000;

/**
 * The slots of a past range, both ends included, oldest first.
 * @throws InvalidInput when the range is the wrong way round, reaches into the future, or has more slots than one backfill takes
 */
export function backfillSlots(schedule: Schedule, { from, to }: { from: Date; to: Date }, now: Date): Date[] {
  if (from > to) throw refused("from", `expected at most to (${to.toISOString()}), got ${from.toISOString()}`);
  if (to > now)
    throw refused("to", `expected a moment that has passed, got ${to.toISOString()}; it is ${now.toISOString()}`);
  const end = new Date(to.getTime() + 1);
  const slots = countOccurrences(schedule, from, end);
  if (slots > MOST_SLOTS) {
    throw refused("from", `the range has ${slots} slots, a backfill takes at most ${MOST_SLOTS}: take a shorter one`);
  }
  return [...occurrencesBetween(schedule, from, end)];
}

function refused(field: string, reason: string): InvalidInput {
  return new InvalidInput([{ field, reason }]);
}
