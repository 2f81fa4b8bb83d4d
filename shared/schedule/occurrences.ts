import { SECONDS_A_DAY } from "./calendar.ts";
import type { Schedule } from "./schedule.ts";
import { wallTimeAtOrAfter, wallTimeAtOrBefore } from "./wall-time.ts";
import type { Stretch } from "./zone.ts";
import { stretchAt, zoneOf } from "./zone.ts";

/** The first occurrence strictly after an instant; `null` when there is none up to the year 9999. */
export function nextOccurrence(schedule: Schedule, after: Date): Date | null {
  return dateOf(firstFrom(schedule, Math.floor(secondsOf(after)) + 1));
}

/** The last occurrence strictly before an instant; `null` when there is none back to 1970. */
export function previousOccurrence(schedule: Schedule, before: Date): Date | null {
  return dateOf(lastUntil(schedule, Math.ceil(secondsOf(before)) - 1));
}

/** The first occurrence at or after an instant. */
export function occurrenceAtOrAfter(schedule: Schedule, instant: Date): Date | null {
  return dateOf(firstFrom(schedule, Math.ceil(secondsOf(instant))));
}

/** The last occurrence at or before an instant. */
export function occurrenceAtOrBefore(schedule: Schedule, instant: Date): Date | null {
  return dateOf(lastUntil(schedule, Math.floor(secondsOf(instant))));
}

/** Whether an instant, to the millisecond, is an occurrence. */
export function isOccurrence(schedule: Schedule, instant: Date): boolean {
  return occurrenceAtOrAfter(schedule, instant)?.getTime() === instant.getTime();
}

/** The occurrences from `from` (included) to `to` (excluded), in order, computed lazily. Adjacent ranges share none. */
export function occurrencesBetween(schedule: Schedule, from: Date, to: Date): Iterable<Date> {
  return {
    *[Symbol.iterator]() {
      let next = occurrenceAtOrAfter(schedule, from);
      while (next && next < to) {
        yield next;
        next = nextOccurrence(schedule, next);
      }
    },
  };
}

/** The first `count` occurrences strictly after an instant. */
export function upcoming(schedule: Schedule, after: Date, count: number): Date[] {
  const found: Date[] = [];
  for (let from = after; found.length < count;) {
    const next = nextOccurrence(schedule, from);
    if (!next) break;
    found.push(next);
    from = next;
  }
  return found;
}

const EARLIEST = 0;
const LATEST = Date.UTC(10_000, 0, 1) / 1000 - 1;

/** More than any offset and any jump of the clocks together: Samoa once skipped a whole day. */
const FARTHEST = 2 * SECONDS_A_DAY;

function firstFrom(schedule: Schedule, instant: number): number | null {
  const zone = zoneOf(schedule.zone);
  let from = Math.max(instant, EARLIEST);
  while (from <= LATEST) {
    const stretch = stretchAt(zone, from);
    const found = firstIn(schedule, stretch, from);
    if (found !== null) return found <= LATEST ? found : null;
    // No match on the clock until then, so none in the stretches between.
    const wall = wallTimeAtOrAfter(schedule.fields, stretch.end + stretch.offset - FARTHEST);
    from = Math.max(stretch.end, wall - FARTHEST);
  }
  return null;
}

function lastUntil(schedule: Schedule, instant: number): number | null {
  const zone = zoneOf(schedule.zone);
  let until = Math.min(instant, LATEST);
  while (until >= EARLIEST) {
    const stretch = stretchAt(zone, until);
    const found = lastIn(schedule, stretch, until);
    if (found !== null) return found >= EARLIEST ? found : null;
    const wall = wallTimeAtOrBefore(schedule.fields, stretch.start + stretch.offset + FARTHEST);
    until = Math.min(stretch.start - 1, wall + FARTHEST);
  }
  return null;
}

function firstIn(schedule: Schedule, stretch: Stretch, from: number): number | null {
  if (from <= stretch.start && makesUpForSkipped(schedule, stretch)) return stretch.start;
  const wall = wallTimeAtOrAfter(schedule.fields, Math.max(from + stretch.offset, firstWallTime(schedule, stretch)));
  return wall < stretch.end + stretch.offset ? wall - stretch.offset : null;
}

function lastIn(schedule: Schedule, stretch: Stretch, until: number): number | null {
  const wall = wallTimeAtOrBefore(schedule.fields, until + stretch.offset);
  if (wall >= firstWallTime(schedule, stretch)) return wall - stretch.offset;
  return makesUpForSkipped(schedule, stretch) ? stretch.start : null;
}

/** The first wall time that is due in a stretch: a fixed time from before the clocks went back is not due twice. */
export function firstWallTime({ repeats }: Schedule, { start, offset, offsetBefore }: Stretch): number {
  return start + (repeats ? offset : Math.max(offset, offsetBefore));
}

/** Whether the clocks skipped a matching wall time when the stretch began. */
export function makesUpForSkipped({ fields }: Schedule, { start, offset, offsetBefore }: Stretch): boolean {
  return offset > offsetBefore && wallTimeAtOrAfter(fields, start + offsetBefore) < start + offset;
}

function secondsOf(date: Date): number {
  if (Number.isNaN(date.getTime())) throw new RangeError("expected an instant, got an invalid Date");
  return date.getTime() / 1000;
}

function dateOf(seconds: number | null): Date | null {
  return seconds === null ? null : new Date(seconds * 1000);
}
