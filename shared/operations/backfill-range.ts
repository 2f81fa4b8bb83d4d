import { InvalidInput } from "#jobs/endings.ts";
import { countOccurrences, occurrencesBetween, type Schedule } from "#schedule/index.ts";

/** Most slots of one backfill. */
const MAX_SLOTS = 10_000;

/**
 * The slots of a past range, both ends included, oldest first.
 * @throws InvalidInput when the range is reversed, reaches into the future, or has more than 10,000 slots
 */
export function backfillSlots(schedule: Schedule, { from, to }: { from: Date; to: Date }, now: Date): Date[] {
  if (from > to) throw refused("from", `expected at most to (${to.toISOString()}), got ${from.toISOString()}`);
  if (to > now) throw refused("to", `expected a time in the past, got ${to.toISOString()}; it is ${now.toISOString()}`);
  const end = new Date(to.getTime() + 1);
  const slots = countOccurrences(schedule, from, end);
  if (slots > MAX_SLOTS) {
    throw refused("from", `the range has ${slots} slots, a backfill has at most ${MAX_SLOTS}: choose a shorter range`);
  }
  return [...occurrencesBetween(schedule, from, end)];
}

function refused(field: string, reason: string): InvalidInput {
  return new InvalidInput([{ field, reason }]);
}
