import { civilDateOf, dayNumberOf, weekdayOf } from "#schedule/calendar.ts";
import type { Frequency, RecurrenceRule } from "./recurrence-rule.ts";

/**
 * The periods of each frequency in 400 years, after which the calendar repeats, weekdays included. Periods that are
 * this many apart, whatever the interval, match the same days: a rule without an occurrence in so many has none.
 */
export const PERIODS_A_CYCLE: Readonly<Record<Frequency, number>> = {
  DAILY: 146_097,
  WEEKLY: 146_097 / 7,
  MONTHLY: 4_800,
  YEARLY: 400,
};

/** A period of the rule's frequency: the days `[first, end)`. */
export interface Period {
  readonly first: number;
  readonly end: number;
}

interface Periods {
  /** The period of a day, or the last period before it when the interval skips the day. */
  readonly indexOf: (day: number) => number;
  readonly at: (index: number) => Period;
}

export function periodsOf({ frequency, interval, weekStart }: RecurrenceRule, startDay: number): Periods {
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
