import { SECONDS_A_DAY } from "./calendar.ts";
import { stretchAt, stretchesBetween, zoneOf } from "./zone.ts";

/** More than any offset and any jump of the clocks together: Samoa once skipped a whole day. */
const FARTHEST = 2 * SECONDS_A_DAY;

/** The wall time of a zone at an instant: seconds since 1970-01-01T00:00 on its clocks. Both are whole seconds. */
export function wallTimeAt(zone: string, instant: number): number {
  return instant + stretchAt(zoneOf(zone), instant).offset;
}

/**
 * The instant of a wall time in a zone: the first one where it repeats, and the first instant after the gap where the
 * clocks skip it, as in schedules. The inverse of `wallTimeAt`.
 */
export function instantOf(zone: string, wall: number): number {
  for (const { start, end, offset } of stretchesBetween(zoneOf(zone), wall - FARTHEST, wall + FARTHEST)) {
    // Later than the stretch before, earlier than this one: the clocks skipped it.
    if (wall < start + offset) return start;
    if (wall < end + offset) return wall - offset;
  }
  throw new RangeError(`expected a wall time that a Date can hold, got ${wall} s`);
}
