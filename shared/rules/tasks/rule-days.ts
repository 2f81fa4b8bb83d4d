import { civilDateOf, dayNumberOf, daysInMonth, weekdayOf } from "#schedule/calendar.ts";
import type { RecurrenceRule } from "./recurrence-rule.ts";

/**
 * Whether a day matches the BY parts of a rule. It makes no difference here whether a part expands or limits.
 *
 * Most rules find a day within a year. A longer search reads tables: years that begin on the same weekday and have the
 * same lengths around them match on the same days, so each day of each kind of year is examined once.
 */
export function dayMatcher(rule: RecurrenceRule): (day: number) => boolean {
  const matches = dayFilter(rule);
  let inTables: ((day: number) => boolean) | undefined;
  let searched = 0;
  return (day) => {
    if (++searched <= 366) return matches(day);
    inTables ??= tabulated(matches);
    return inTables(day);
  };
}

function tabulated(matches: (day: number) => boolean): (day: number) => boolean {
  const [YES, NO] = [1, 2];
  const tables = new Map<string, Int8Array>();
  let year = { first: 0, end: 0, kind: "" };
  let table: Int8Array = new Int8Array();
  return (day) => {
    if (day < year.first || day >= year.end) {
      year = yearOf(day);
      table = tables.get(year.kind) ?? new Int8Array(366);
      tables.set(year.kind, table);
    }
    const place = day - year.first;
    if (table[place] === 0) table[place] = matches(day) ? YES : NO;
    return table[place] === YES;
  };
}

/** A year as the days `[first, end)`. Its week numbers also depend on the lengths of both neighbours. */
function yearOf(day: number): { first: number; end: number; kind: string } {
  const { year } = civilDateOf(day);
  const [first, end] = [firstDayOf(year), firstDayOf(year + 1)];
  const lengths = [first - firstDayOf(year - 1), end - first, firstDayOf(year + 2) - end];
  return { first, end, kind: `${weekdayOf(first)} ${lengths.join(" ")}` };
}

function firstDayOf(year: number): number {
  return dayNumberOf({ year, month: 1, day: 1 });
}

function dayFilter(rule: RecurrenceRule): (day: number) => boolean {
  const { months, monthDays, yearDays, weekNumbers, weekdays } = rule;
  return (dayNumber) => {
    const { year, month, day } = civilDateOf(dayNumber);
    if (months.length > 0 && !months.includes(month)) return false;
    if (monthDays.length > 0 && !hasPlace(monthDays, day, daysInMonth(year, month))) return false;
    if (weekdays.length > 0 && !isNamedWeekday(rule, dayNumber)) return false;
    if (yearDays.length > 0) {
      const first = firstDayOf(year);
      if (!hasPlace(yearDays, dayNumber - first + 1, firstDayOf(year + 1) - first)) return false;
    }
    if (weekNumbers.length > 0) {
      const { number, weeks } = weekOf(dayNumber, rule.weekStart);
      if (!hasPlace(weekNumbers, number, weeks)) return false;
    }
    return true;
  };
}

function isNamedWeekday({ weekdays, frequency, months }: RecurrenceRule, dayNumber: number): boolean {
  const weekday = weekdayOf(dayNumber);
  return weekdays.some((named) => {
    if (named.weekday !== weekday) return false;
    if (named.nth === null) return true;
    const { year, month, day } = civilDateOf(dayNumber);
    const ofMonth = frequency === "MONTHLY" || months.length > 0;
    const first = ofMonth ? dayNumber - day + 1 : firstDayOf(year);
    const end = ofMonth ? first + daysInMonth(year, month) : firstDayOf(year + 1);
    const place = Math.floor((dayNumber - first) / 7);
    return named.nth > 0 ? place === named.nth - 1 : Math.floor((end - 1 - dayNumber) / 7) === -named.nth - 1;
  });
}

/** Whether `places` has a place, counted from 1 or, from the end, from -1. */
function hasPlace(places: readonly number[], place: number, size: number): boolean {
  return places.includes(place) || places.includes(place - size - 1);
}

/** The week number of a day, and the number of weeks of that year: the year with most days of the week. */
function weekOf(dayNumber: number, weekStart: number): { number: number; weeks: number } {
  const first = dayNumber - ((weekdayOf(dayNumber) - weekStart + 7) % 7);
  const { year } = civilDateOf(first + 3);
  const begin = firstWeek(year, weekStart);
  return { number: (first - begin) / 7 + 1, weeks: (firstWeek(year + 1, weekStart) - begin) / 7 };
}

/** The first day of the week with 4 January. */
function firstWeek(year: number, weekStart: number): number {
  const fourth = dayNumberOf({ year, month: 1, day: 4 });
  return fourth - ((weekdayOf(fourth) - weekStart + 7) % 7);
}
