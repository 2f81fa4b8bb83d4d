import { civilDateOf, dayNumberOf, daysInMonth, SECONDS_A_DAY } from "#schedule/calendar.ts";
import { instantOf, wallTimeAt } from "#schedule/wall-clock.ts";
import { readRule, type RecurrenceRule } from "./recurrence-rule.ts";
import { occurrencesFrom } from "./rule-occurrences.ts";
import { InvalidRecurrence } from "./invalid-recurrence.ts";

export type RecurrenceType = "daily" | "weekly" | "monthly" | "yearly";

/** One task of a series, as far as the next one follows from it. */
export interface Occurrence {
  readonly due: Date;
  /** IANA name of the zone on whose clocks the task is due. */
  readonly timeZone: string | null;
  readonly type: RecurrenceType | null;
  /** Every so many days, weeks, months or years. */
  readonly interval: number;
  /** An RFC 5545 rule; wins over type and interval. */
  readonly rule: string | null;
  /** Nothing is due after it; what is due at that very moment still is. */
  readonly until: Date | null;
  /** The day of the month that the series is for, where a short month has none such. Null: the due date's. */
  readonly anchorDay: number | null;
  /** The time of day that the series is for, `HH:MM:SS`, where the clocks skipped it. Null: the due date's. */
  readonly anchorTime: string | null;
  /** Which of its series this is, from 1. Missed ones count where the rule has a COUNT. */
  readonly number: number;
}

/** What changes from one task of a series to the next. */
export type NextOccurrence = Pick<Occurrence, "due" | "number"> & {
  readonly anchorDay: number;
  readonly anchorTime: string;
};

/**
 * The next task of a series: the first occurrence after the due date and after `now`, on the clocks of the task's own zone.
 * 09:00 stays 09:00 when the clocks change; a time that they skip is due at the first instant after the gap, one that they
 * show twice the first time, as schedules have it. A month that is too short has its last day, and the anchor stays:
 * 31 January, 28 February, 31 March.
 * @returns null when the series has ended
 * @throws InvalidRecurrence when it cannot be read, or never comes
 */
export function nextOccurrence(task: Occurrence, now: Date): NextOccurrence | null {
  const zone = zoneOf(task);
  const due = secondsOf(task);
  const wall = wallTimeAt(zone, due);
  const day = Math.floor(wall / SECONDS_A_DAY);
  const time = task.anchorTime === null ? wall - day * SECONDS_A_DAY : secondOfDay(task.anchorTime);
  const series = { task, zone, day, time, after: Math.max(due, now.getTime() / 1_000) };

  const next = task.rule === null ? byType(series) : byRule(series, readRule(task.rule));
  if (next === null || (task.until !== null && next.at * 1_000 > task.until.getTime())) return null;
  return {
    due: new Date(next.at * 1_000),
    number: next.number,
    anchorDay: anchorDayOf(task, day),
    anchorTime: timeText(time),
  };
}

interface Series {
  readonly task: Occurrence;
  readonly zone: string;
  /** The due date on the clocks of the zone, as a day number and a second of the day. */
  readonly day: number;
  readonly time: number;
  /** Nothing up to this instant is wanted any more, in seconds. */
  readonly after: number;
}

interface Found {
  /** In seconds. */
  readonly at: number;
  readonly number: number;
}

function byType({ task, zone, day, time, after }: Series): Found {
  const steps = stepsOf(task, day);
  const today = Math.floor(wallTimeAt(zone, after) / SECONDS_A_DAY);
  // The step of that day may lie just before or after it; what was missed before costs nothing.
  for (let step = Math.max(1, steps.indexOf(today)); ; step++) {
    const found = steps.dayAt(step);
    if (!(found <= LAST_DAY))
      throw new InvalidRecurrence("recurrence_interval", "has no next date up to the year 9999");
    const at = instantOf(zone, found * SECONDS_A_DAY + time);
    if (at > after) return { at, number: task.number + 1 };
  }
}

function byRule({ task, zone, day, time, after }: Series, rule: RecurrenceRule): Found | null {
  const start = day * SECONDS_A_DAY + time;
  // Only where they are numbered the missed ones have to be gone through.
  const from = rule.count === null ? Math.max(start, wallTimeAt(zone, after)) : start;
  let number = task.number;
  let looked = 0;
  for (const wall of occurrencesFrom(rule, start, from)) {
    if (wall <= start) continue;
    if (rule.count !== null && ++number > rule.count) return null;
    const at = instantOf(zone, wall);
    if (isPast(rule, wall, at)) return null;
    if (at > after) return { at, number: rule.count === null ? task.number + 1 : number };
    if (++looked === MOST_MISSED) {
      throw new InvalidRecurrence(
        "recurrence_rule",
        `expected at most ${MOST_MISSED} occurrences to have been missed`,
      );
    }
  }
  throw new InvalidRecurrence("recurrence_rule", "expected an occurrence within 41 years, found none");
}

const LAST_DAY = dayNumberOf({ year: 9_999, month: 12, day: 31 });
/** About as many as a second of work allows to a whole batch of tasks. */
const MOST_MISSED = 20_000;

interface Steps {
  /** The step that a day lies in, 0 for that of the due date. */
  readonly indexOf: (day: number) => number;
  readonly dayAt: (step: number) => number;
}

function stepsOf(task: Occurrence, startDay: number): Steps {
  const { type, interval } = task;
  if (!Number.isSafeInteger(interval) || interval < 1) {
    throw new InvalidRecurrence("recurrence_interval", `expected a whole number from 1 on, got ${interval}`);
  }
  switch (type) {
    case "daily":
      return evenSteps(startDay, interval);
    case "weekly":
      return evenSteps(startDay, interval * 7);
    case "monthly":
      return monthSteps(startDay, interval, anchorDayOf(task, startDay));
    case "yearly":
      return monthSteps(startDay, interval * 12, anchorDayOf(task, startDay));
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

function anchorDayOf({ anchorDay }: Occurrence, startDay: number): number {
  if (anchorDay === null) return civilDateOf(startDay).day;
  if (Number.isInteger(anchorDay) && anchorDay >= 1 && anchorDay <= 31) return anchorDay;
  throw new InvalidRecurrence("recurrence_anchor_day", `expected 1 to 31, got ${anchorDay}`);
}

function isPast({ until }: RecurrenceRule, wall: number, at: number): boolean {
  if (until === null) return false;
  return "instant" in until ? at > until.instant : wall > until.wall;
}

function zoneOf({ timeZone }: Occurrence): string {
  try {
    if (timeZone !== null && /^[A-Za-z]/.test(timeZone)) {
      wallTimeAt(timeZone, 0);
      return timeZone;
    }
  } catch {
    // No zone that this runtime knows.
  }
  throw new InvalidRecurrence("time_zone", `expected an IANA time zone, got ${JSON.stringify(timeZone)}`);
}

/** Whole seconds. */
function secondsOf({ due }: Occurrence): number {
  const seconds = Math.floor(due.getTime() / 1_000);
  if (Math.floor(seconds / SECONDS_A_DAY) <= LAST_DAY) return seconds;
  throw new InvalidRecurrence("due_date", "expected a moment up to the year 9999");
}

function secondOfDay(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  return hours * 3_600 + minutes * 60 + Math.floor(seconds);
}

function timeText(second: number): string {
  const parts = [Math.floor(second / 3_600), Math.floor(second / 60) % 60, second % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
