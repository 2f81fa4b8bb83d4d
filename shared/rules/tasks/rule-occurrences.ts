import { civilDateOf, dayNumberOf, SECONDS_A_DAY, weekdayOf } from "#schedule/calendar.ts";
import type { RecurrenceRule } from "./recurrence-rule.ts";
import { dayMatcher } from "./rule-days.ts";
import { type Period, PERIODS_A_CYCLE, periodsOf } from "./rule-periods.ts";
import { type RuleTimes, timesOf } from "./rule-times.ts";

const LAST_DAY = dayNumberOf({ year: 9_999, month: 12, day: 31 });

/**
 * The occurrences of a rule, in order, as wall times without clock changes. Days and times that the rule does not name
 * are those of `start`; the caller handles COUNT and UNTIL. Ends with the year 9999, and after a cycle of the calendar
 * without an occurrence, so the cost of any rule is bounded. Hand-written instead of the library `rrule`:
 * docs/decisions/0019.
 * @param start the base of intervals, in seconds since 1970-01-01T00:00 of that wall clock
 * @param from the first wall time that counts, not before the day of `start`; what is before it costs nothing
 */
export function* occurrencesFrom(rule: RecurrenceRule, start: number, from = start): Generator<number> {
  const startDay = Math.floor(start / SECONDS_A_DAY);
  const times = timesOf(rule, start - startDay * SECONDS_A_DAY);
  const matches = dayMatcher(withDefaults(rule, startDay));
  const period = periodsOf(rule, startDay);
  const places = placeFinder(rule.positions);
  const fromDay = Math.floor(from / SECONDS_A_DAY);

  let found = period.indexOf(fromDay);
  for (let i = found; i - found <= PERIODS_A_CYCLE[rule.frequency]; i++) {
    const { first, end } = period.at(i);
    if (first > LAST_DAY) return;
    if (places === null) {
      for (let day = Math.max(first, fromDay); day < end && day <= LAST_DAY; day++) {
        if (!matches(day)) continue;
        const midnight = day * SECONDS_A_DAY;
        for (let place = times.placeFrom(from - midnight); place < times.size; place++) {
          found = i;
          yield midnight + times.at(place);
        }
      }
    } else {
      for (const wall of atPlaces(places, daysOf({ first, end }, matches), times)) {
        if (wall < from) continue;
        found = i;
        yield wall;
      }
    }
  }
}

/** BYSETPOS: the occurrences of a period at the places of the rule. */
function atPlaces(places: (size: number) => readonly number[], days: readonly number[], times: RuleTimes): number[] {
  return places(days.length * times.size).map(
    (place) => days[Math.floor(place / times.size)]! * SECONDS_A_DAY + times.at(place % times.size),
  );
}

function daysOf({ first, end }: Period, matches: (day: number) => boolean): number[] {
  const days: number[] = [];
  for (let day = first; day < end && day <= LAST_DAY; day++) if (matches(day)) days.push(day);
  return days;
}

/** The places from 0, sorted, of positions that count from 1 or, from the end, from -1. Null without positions. */
function placeFinder(positions: readonly number[]): ((size: number) => readonly number[]) | null {
  if (positions.length === 0) return null;
  const bySize = new Map<number, readonly number[]>();
  return (size) => {
    let places = bySize.get(size);
    if (!places) {
      const all = new Set(positions.map((position) => (position > 0 ? position - 1 : size + position)));
      places = [...all].filter((place) => place >= 0 && place < size).sort((a, b) => a - b);
      bySize.set(size, places);
    }
    return places;
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
