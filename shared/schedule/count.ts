import { civilDateOf, SECONDS_A_DAY, weekdayOf } from "./calendar.ts";
import type { Field } from "./field.ts";
import type { Ncrontab } from "./ncrontab.ts";
import { firstWallTime, makesUpForSkipped } from "./occurrences.ts";
import type { Schedule } from "./schedule.ts";
import { stretchesBetween, zoneOf } from "./zone.ts";

/**
 * The number of occurrences from `from` (included) to `to` (excluded). Computed, not iterated: a year of a schedule
 * that fires every second costs as much as a year of a daily one.
 */
export function countOccurrences(schedule: Schedule, from: Date, to: Date): number {
  const [first, end] = [Math.ceil(from.getTime() / 1000), Math.ceil(to.getTime() / 1000)];
  if (!(first < end)) return 0;
  let count = 0;
  let since = first;
  for (const stretch of stretchesBetween(zoneOf(schedule.zone), first, end)) {
    const until = Math.min(end, stretch.end);
    const wallFrom = Math.max(since + stretch.offset, firstWallTime(schedule, stretch));
    count += wallTimesBetween(schedule.fields, wallFrom, until + stretch.offset);
    // What the clocks skipped is due at the first instant after the gap, unless that instant is due anyway.
    const isMadeUp = since === stretch.start && makesUpForSkipped(schedule, stretch);
    const isDueAnyway = wallTimesBetween(
      schedule.fields,
      stretch.start + stretch.offset,
      stretch.start + stretch.offset + 1,
    );
    if (isMadeUp && !isDueAnyway) count += 1;
    // Not the next one's start: that may lie before this one's end.
    since = until;
  }
  return count;
}

/** The matches on a clock that is never changed, from one wall time (included) to another (excluded). */
function wallTimesBetween(fields: Ncrontab, from: number, to: number): number {
  if (from >= to) return 0;
  const [firstDay, lastDay] = [Math.floor(from / SECONDS_A_DAY), Math.floor(to / SECONDS_A_DAY)];
  let count = timesBefore(fields, lastDay, to - lastDay * SECONDS_A_DAY);
  count -= timesBefore(fields, firstDay, from - firstDay * SECONDS_A_DAY);
  for (let day = firstDay; day < lastDay; day++) count += timesBefore(fields, day, SECONDS_A_DAY);
  return count;
}

/** The matches of one day before a time of that day. */
function timesBefore(fields: Ncrontab, dayNumber: number, time: number): number {
  if (!isDueOn(fields, dayNumber)) return 0;
  const { hour, minute, second } = fields;
  const [h, m, s] = [Math.floor(time / 3600), Math.floor(time / 60) % 60, time % 60];
  const inMinute = () => below(second, s);
  const inHour = () => below(minute, m) * second.values.length + (has(minute, m) ? inMinute() : 0);
  return below(hour, h) * minute.values.length * second.values.length + (has(hour, h) ? inHour() : 0);
}

function isDueOn({ day, month, weekday }: Ncrontab, dayNumber: number): boolean {
  const date = civilDateOf(dayNumber);
  return has(weekday, weekdayOf(dayNumber)) && has(day, date.day) && has(month, date.month);
}

function below({ values }: Field, limit: number): number {
  return values.filter((value) => value < limit).length;
}

function has({ values }: Field, value: number): boolean {
  return values.includes(value);
}
