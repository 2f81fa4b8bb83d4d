import { civilDateOf, dayNumberOf, daysInMonth } from "#schedule/calendar.ts";
import { InvalidRecurrence } from "./invalid-recurrence.ts";

export type RecurrenceType = "daily" | "weekly" | "monthly" | "yearly";

/** The days of a series of every n days, weeks, months or years. */
export interface Steps {
  /** The step of a day, or the last one before it; 0 is the step of the first day. */
  readonly indexOf: (day: number) => number;
  readonly dayAt: (step: number) => number;
}

/**
 * @param startDay the day of step 0
 * @param anchorDay the day of the month; a month that is too short has its last day instead
 * @throws InvalidRecurrence
 */
export function stepsOf(
  { type, interval }: { readonly type: RecurrenceType | null; readonly interval: number },
  startDay: number,
  anchorDay: number,
): Steps {
  if (!Number.isSafeInteger(interval) || interval < 1) {
    throw new InvalidRecurrence("recurrence_interval", `expected a whole number from 1 on, got ${interval}`);
  }
  switch (type) {
    case "daily":
      return evenSteps(startDay, interval);
    case "weekly":
      return evenSteps(startDay, interval * 7);
    case "monthly":
      return monthSteps(startDay, interval, anchorDay);
    case "yearly":
      return monthSteps(startDay, interval * 12, anchorDay);
    default:
      throw new InvalidRecurrence(
        "recurrence_type",
        `expected daily, weekly, monthly or yearly, got ${JSON.stringify(type)}`,
      );
  }
}

function evenSteps(startDay: number, days: number): Steps {
  return {
    indexOf: (day) => Math.floor((day - startDay) / days),
    dayAt: (step) => startDay + step * days,
  };
}

function monthSteps(startDay: number, months: number, anchorDay: number): Steps {
  const start = civilDateOf(startDay);
  return {
    indexOf(day) {
      const { year, month } = civilDateOf(day);
      return Math.floor(((year - start.year) * 12 + month - start.month) / months);
    },
    dayAt(step) {
      const { year, month } = civilDateOf(dayNumberOf({ ...start, month: start.month + step * months, day: 1 }));
      return dayNumberOf({ year, month, day: Math.min(anchorDay, daysInMonth(year, month)) });
    },
  };
}
