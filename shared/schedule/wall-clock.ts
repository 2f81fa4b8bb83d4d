import { SECONDS_A_DAY } from "./calendar.ts";
import { stretchAt, stretchesBetween, zoneOf } from "./zone.ts";

/** More than any offset and any jump of the clocks together: Samoa once skipped a whole day. */
const FARTHEST = 2 * SECONDS_A_DAY;

/** What the clocks of a zone show at an instant: seconds since 1970-01-01T00:00 on them. Both are whole seconds. */
export function wallTimeAt(zone: string, instant: number): number {
  return instant + stretchAt(zoneOf(zone), instant).offset;
}

/**
 * When the clocks of a zone show a wall time: the first time where they show it twice, and the first instant after the gap
 * where they skip it. The opposite of `wallTimeAt`, decided as schedules do.
 */
export function instantOf(zone: string, wall: number): number {
  for (const { start, end, offset } of stretchesBetween(zoneOf(zone), wall - FARTHEST, wall + FARTHEST)) {
    // Not reached in the stretch before, passed when this one began: the clocks skipped it.
    if (wall < start + offset) return start;
    if (wall < end + offset) return wall - offset;
  }
  throw new RangeError(`expected a wall time that a Date can hold, got ${wall} s`);
}
