import { civilDateOf, dayNumberOf, daysInMonth, SECONDS_A_DAY } from "#schedule/calendar.ts";
import { instantOf, wallTimeAt } from "#schedule/wall-clock.ts";
import { InvalidRecurrence } from "./invalid-recurrence.ts";
import { readRule, type RecurrenceRule } from "./recurrence-rule.ts";
import { occurrencesFrom } from "./rule-occurrences.ts";

export type RecurrenceType = "daily" | "weekly" | "monthly" | "yearly";

/** The fields of a task of a series from which the next task follows. */
export interface Occurrence {
  readonly due: Date;
  /** IANA name of the task's time zone. */
  readonly timeZone: string | null;
  readonly type: RecurrenceType | null;
  /** Number of days, weeks, months or years between two tasks. */
  readonly interval: number;
  /** An RFC 5545 rule; it takes precedence over type and interval. */
  readonly rule: string | null;
  /** The end of the series; an occurrence at this instant still counts. */
  readonly until: Date | null;
  /** The day of the month of the series, which a short month may not have. Null: the day of the due date. */
  readonly anchorDay: number | null;
  /** The time of day of the series, `HH:MM:SS`, which a clock change may skip. Null: the time of the due date. */
  readonly anchorTime: string | null;
  /** Number of the task in its series, from 1. Missed occurrences count when the rule has a COUNT. */
  readonly number: number;
}

/** The fields of the next task that differ from those of its predecessor. */
export type NextOccurrence = Pick<Occurrence, "due" | "number"> & {
  readonly anchorDay: number;
  readonly anchorTime: string;
};

/**
 * The next task of a series: the first occurrence after the due date and after `now`, in the task's time zone. As with
 * schedules, 09:00 stays 09:00 when the clocks change; a skipped time becomes the first instant after the gap, a
 * repeated time is its first occurrence. A short month uses its last day, and the anchor stays: 31 January, 28
 * February, 31 March.
 * @returns null when the series has ended
 * @throws InvalidRecurrence when it is invalid or has no next occurrence
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
  /** The due date in the zone, as a day number and a second of the day. */
  readonly day: number;
  readonly time: number;
  /** The next occurrence is after this instant, in seconds. */
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
  // Starts at the step of the current day, which may be slightly before or after `after`; missed steps cost nothing.
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
  // Only a rule with COUNT has to visit the missed occurrences.
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
      throw new InvalidRecurrence("recurrence_rule", `expected at most ${MOST_MISSED} occurrences to have been missed`);
    }
  }
  throw new InvalidRecurrence("recurrence_rule", "expected an occurrence within 41 years, found none");
}

const LAST_DAY = dayNumberOf({ year: 9_999, month: 12, day: 31 });
/** About what a whole batch of tasks can process in a second. */
const MOST_MISSED = 20_000;

interface Steps {
  /** The step of a day; 0 is the step of the due date. */
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
    // An unknown zone.
  }
  throw new InvalidRecurrence("time_zone", `expected an IANA time zone, got ${JSON.stringify(timeZone)}`);
}

/** Whole seconds. */
function secondsOf({ due }: Occurrence): number {
  const seconds = Math.floor(due.getTime() / 1_000);
  if (Math.floor(seconds / SECONDS_A_DAY) <= LAST_DAY) return seconds;
  throw new InvalidRecurrence("due_date", "expected an instant up to the year 9999");
}

function secondOfDay(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  return hours * 3_600 + minutes * 60 + Math.floor(seconds);
}

function timeText(second: number): string {
  const parts = [Math.floor(second / 3_600), Math.floor(second / 60) % 60, second % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
