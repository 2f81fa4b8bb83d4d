import { civilDateOf, dayNumberOf, daysInMonth, SECONDS_A_DAY, weekdayOf } from "./calendar.ts";
import type { Field } from "./field.ts";
import { NONE } from "./field.ts";
import type { Ncrontab } from "./ncrontab.ts";

/**
 * Matching on a clock that is never changed. A wall time is a whole number of seconds since 1970-01-01T00:00 on that
 * clock.
 */

/** The rarest date is a 29 February on a given weekday: once in 40 years when a century skips its leap day. */
const MONTHS_TO_LOOK = 41 * 12;

/** The first match at or after a wall time. */
export function wallTimeAtOrAfter(ncrontab: Ncrontab, wall: number): number {
  const today = Math.floor(wall / SECONDS_A_DAY);
  if (matchesDay(ncrontab, today)) {
    const time = timeOfDayAtOrAfter(ncrontab, wall - today * SECONDS_A_DAY);
    if (time !== NONE) return today * SECONDS_A_DAY + time;
  }
  return dayAtOrAfter(ncrontab, today + 1) * SECONDS_A_DAY + firstTimeOfDay(ncrontab);
}

/** The last match at or before a wall time. */
export function wallTimeAtOrBefore(ncrontab: Ncrontab, wall: number): number {
  const today = Math.floor(wall / SECONDS_A_DAY);
  if (matchesDay(ncrontab, today)) {
    const time = timeOfDayAtOrBefore(ncrontab, wall - today * SECONDS_A_DAY);
    if (time !== NONE) return today * SECONDS_A_DAY + time;
  }
  return dayAtOrBefore(ncrontab, today - 1) * SECONDS_A_DAY + lastTimeOfDay(ncrontab);
}

function matchesDay({ day, month, weekday }: Ncrontab, dayNumber: number): boolean {
  if (!allows(weekday, weekdayOf(dayNumber))) return false;
  const date = civilDateOf(dayNumber);
  return allows(day, date.day) && allows(month, date.month);
}

function dayAtOrAfter({ day, month, weekday }: Ncrontab, dayNumber: number): number {
  let date = civilDateOf(dayNumber);
  for (let looked = 0; looked <= MONTHS_TO_LOOK; looked++) {
    if (allows(month, date.month)) {
      const length = daysInMonth(date.year, date.month);
      for (let one = atOrAfter(day, date.day); one !== NONE && one <= length; one = atOrAfter(day, one + 1)) {
        const found = dayNumberOf({ ...date, day: one });
        if (allows(weekday, weekdayOf(found))) return found;
      }
    }
    date = civilDateOf(dayNumberOf({ year: date.year, month: date.month + 1, day: 1 }));
  }
  return Infinity;
}

function dayAtOrBefore({ day, month, weekday }: Ncrontab, dayNumber: number): number {
  let date = civilDateOf(dayNumber);
  for (let looked = 0; looked <= MONTHS_TO_LOOK; looked++) {
    if (allows(month, date.month)) {
      for (let one = atOrBefore(day, date.day); one !== NONE; one = atOrBefore(day, one - 1)) {
        const found = dayNumberOf({ ...date, day: one });
        if (allows(weekday, weekdayOf(found))) return found;
      }
    }
    date = civilDateOf(dayNumberOf({ year: date.year, month: date.month, day: 0 }));
  }
  return -Infinity;
}

function timeOfDayAtOrAfter({ hour, minute, second }: Ncrontab, time: number): number {
  const [h, m, s] = clockOf(time);
  const firstSecond = atOrAfter(second, 0);
  const firstMinute = atOrAfter(minute, 0);
  if (allows(hour, h)) {
    const sameMinute = allows(minute, m) ? atOrAfter(second, s) : NONE;
    if (sameMinute !== NONE) return timeOf(h, m, sameMinute);
    const sameHour = atOrAfter(minute, m + 1);
    if (sameHour !== NONE) return timeOf(h, sameHour, firstSecond);
  }
  const later = atOrAfter(hour, h + 1);
  return later === NONE ? NONE : timeOf(later, firstMinute, firstSecond);
}

function timeOfDayAtOrBefore({ hour, minute, second }: Ncrontab, time: number): number {
  const [h, m, s] = clockOf(time);
  const lastSecond = atOrBefore(second, 59);
  const lastMinute = atOrBefore(minute, 59);
  if (allows(hour, h)) {
    const sameMinute = allows(minute, m) ? atOrBefore(second, s) : NONE;
    if (sameMinute !== NONE) return timeOf(h, m, sameMinute);
    const sameHour = atOrBefore(minute, m - 1);
    if (sameHour !== NONE) return timeOf(h, sameHour, lastSecond);
  }
  const earlier = atOrBefore(hour, h - 1);
  return earlier === NONE ? NONE : timeOf(earlier, lastMinute, lastSecond);
}

function firstTimeOfDay(ncrontab: Ncrontab): number {
  return timeOfDayAtOrAfter(ncrontab, 0);
}

function lastTimeOfDay(ncrontab: Ncrontab): number {
  return timeOfDayAtOrBefore(ncrontab, SECONDS_A_DAY - 1);
}

function clockOf(time: number): [hour: number, minute: number, second: number] {
  return [Math.floor(time / 3600), Math.floor(time / 60) % 60, time % 60];
}

function timeOf(hour: number, minute: number, second: number): number {
  return hour * 3600 + minute * 60 + second;
}

function allows(field: Field, value: number): boolean {
  return field.atOrAfter[value] === value;
}

function atOrAfter(field: Field, value: number): number {
  return field.atOrAfter[value] ?? NONE;
}

function atOrBefore(field: Field, value: number): number {
  return field.atOrBefore[value] ?? NONE;
}
