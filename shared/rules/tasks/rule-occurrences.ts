import { civilDateOf, dayNumberOf, daysInMonth, SECONDS_A_DAY, weekdayOf } from "#schedule/calendar.ts";
import type { RecurrenceRule } from "./recurrence-rule.ts";

/**
 * The rarest day is 29 February on a given weekday across a century without leap day: once in 40 years. A rule without
 * an occurrence in a longer time has none.
 */
const DAYS_TO_LOOK = 41 * 366;
const LAST_DAY = dayNumberOf({ year: 9_999, month: 12, day: 31 });

/**
 * The occurrences of a rule from `start` on, in order, as wall times without clock changes. Days and times that the
 * rule does not name are those of `start`; the caller handles COUNT and UNTIL. Ends after 41 years without an
 * occurrence, so that the cost of any rule is bounded. Hand-written instead of the library `rrule`:
 * docs/decisions/0019.
 * @param start the base of intervals, in seconds since 1970-01-01T00:00 of that wall clock
 * @param from skips the periods that end before it, at no cost
 */
export function* occurrencesFrom(rule: RecurrenceRule, start: number, from = start): Generator<number> {
  const startDay = Math.floor(start / SECONDS_A_DAY);
  const times = timesOf(rule, start - startDay * SECONDS_A_DAY);
  const isOn = dayFilter(withDefaults(rule, startDay));
  const period = periodsOf(rule, startDay);
  let empty = Math.max(startDay, Math.floor(from / SECONDS_A_DAY));

  for (let i = period.indexOf(Math.max(startDay, Math.floor(from / SECONDS_A_DAY))); ; i++) {
    const { first, end } = period.at(i);
    if (first > LAST_DAY || first - empty > DAYS_TO_LOOK) return;
    const days: number[] = [];
    for (let day = first; day < end; day++) if (isOn(day)) days.push(day);
    for (const wall of selected(rule, days, times)) {
      if (wall < start) continue;
      empty = end;
      yield wall;
    }
  }
}

/** A period of the rule's frequency: the days `[first, end)`. */
interface Period {
  readonly first: number;
  readonly end: number;
}

interface Periods {
  /** The period of a day, or the last period before it when the interval skips the day. */
  readonly indexOf: (day: number) => number;
  readonly at: (index: number) => Period;
}

function periodsOf({ frequency, interval, weekStart }: RecurrenceRule, startDay: number): Periods {
  const { year, month } = civilDateOf(startDay);
  switch (frequency) {
    case "DAILY":
      return evenPeriods(startDay, 1, interval);
    case "WEEKLY":
      return evenPeriods(startDay - ((weekdayOf(startDay) - weekStart + 7) % 7), 7, interval);
    case "MONTHLY":
      return {
        indexOf(day) {
          const date = civilDateOf(day);
          return Math.floor(((date.year - year) * 12 + date.month - month) / interval);
        },
        at(index) {
          const first = { year, month: month + index * interval, day: 1 };
          return { first: dayNumberOf(first), end: dayNumberOf({ ...first, month: first.month + 1 }) };
        },
      };
    case "YEARLY":
      return {
        indexOf: (day) => Math.floor((civilDateOf(day).year - year) / interval),
        at(index) {
          const first = { year: year + index * interval, month: 1, day: 1 };
          return { first: dayNumberOf(first), end: dayNumberOf({ ...first, year: first.year + 1 }) };
        },
      };
  }
}

function evenPeriods(first: number, length: number, interval: number): Periods {
  return {
    indexOf: (day) => Math.floor((day - first) / (length * interval)),
    at(index) {
      const begin = first + index * length * interval;
      return { first: begin, end: begin + length };
    },
  };
}

/** A rule that names no days uses those of the start. */
function withDefaults(rule: RecurrenceRule, startDay: number): RecurrenceRule {
  const { frequency, weekdays, months, monthDays, yearDays, weekNumbers } = rule;
  if ([weekdays, monthDays, yearDays, weekNumbers].some(({ length }) => length > 0)) return rule;
  const { month, day } = civilDateOf(startDay);
  switch (frequency) {
    case "DAILY":
      return rule;
    case "WEEKLY":
      return { ...rule, weekdays: [{ weekday: weekdayOf(startDay), nth: null }] };
    case "MONTHLY":
      return { ...rule, monthDays: [day] };
    case "YEARLY":
      return { ...rule, months: months.length > 0 ? months : [month], monthDays: [day] };
  }
}

/** Seconds of the day, sorted. */
function timesOf({ hours, minutes, seconds }: RecurrenceRule, start: number): number[] {
  const or = (given: readonly number[], own: number) => (given.length > 0 ? given : [own]);
  return or(hours, Math.floor(start / 3_600)).flatMap((hour) =>
    or(minutes, Math.floor(start / 60) % 60).flatMap((minute) =>
      or(seconds, start % 60).map((second) => hour * 3_600 + minute * 60 + second),
    ),
  );
}

/** Each day with each time, or only those at the positions of BYSETPOS. */
function* selected(
  { positions }: RecurrenceRule,
  days: readonly number[],
  times: readonly number[],
): Generator<number> {
  const size = days.length * times.length;
  const at = (place: number) => days[Math.floor(place / times.length)]! * SECONDS_A_DAY + times[place % times.length]!;
  if (positions.length === 0) {
    for (let place = 0; place < size; place++) yield at(place);
    return;
  }
  const places = new Set(positions.map((position) => (position > 0 ? position - 1 : size + position)));
  for (const place of [...places].sort((a, b) => a - b)) if (place >= 0 && place < size) yield at(place);
}

/** Whether a day matches the rule. It makes no difference here whether a BY part expands or limits. */
function dayFilter(rule: RecurrenceRule): (day: number) => boolean {
  const { months, monthDays, yearDays, weekNumbers, weekdays } = rule;
  return (dayNumber) => {
    const { year, month, day } = civilDateOf(dayNumber);
    if (months.length > 0 && !months.includes(month)) return false;
    if (monthDays.length > 0 && !hasPlace(monthDays, day, daysInMonth(year, month))) return false;
    if (weekdays.length > 0 && !isNamedWeekday(rule, dayNumber)) return false;
    if (yearDays.length > 0) {
      const first = dayNumberOf({ year, month: 1, day: 1 });
      const length = dayNumberOf({ year: year + 1, month: 1, day: 1 }) - first;
      if (!hasPlace(yearDays, dayNumber - first + 1, length)) return false;
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
    const first = ofMonth ? dayNumber - day + 1 : dayNumberOf({ year, month: 1, day: 1 });
    const end = ofMonth ? first + daysInMonth(year, month) : dayNumberOf({ year: year + 1, month: 1, day: 1 });
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
