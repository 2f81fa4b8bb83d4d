import { civilDateOf, dayNumberOf, SECONDS_A_DAY } from "#schedule/calendar.ts";
import { instantOf, wallTimeAt } from "#schedule/wall-clock.ts";
import { InvalidRecurrence } from "./invalid-recurrence.ts";
import { readRule, type RecurrenceRule } from "./recurrence-rule.ts";
import { occurrencesFrom } from "./rule-occurrences.ts";
import { namesTimes } from "./rule-times.ts";
import { plannedWall, positionOf, secondOfDay, type SeriesPosition, wallOf, wallText } from "./series-position.ts";
import { type RecurrenceType, stepsOf } from "./type-occurrences.ts";

export type { RecurrenceType };

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
  /** The planned wall time, `2026-03-28T23:30:00`. Null: that of the due date. */
  readonly position: string | null;
  /** The day of the month of the series, which a short month may not have. Null: the day of the position. */
  readonly anchorDay: number | null;
  /** The time of day of the series, `HH:MM:SS`, which a clock change may skip. Null: the time of the position. */
  readonly anchorTime: string | null;
  /** Number of the task in its series, from 1. Missed occurrences count when the rule has a COUNT. */
  readonly number: number;
}

/** The fields of the next task that differ from those of its predecessor. */
export type NextOccurrence = Pick<Occurrence, "due" | "number"> & SeriesPosition;

/**
 * The next task of a series: the first occurrence after the position of this one, after its due date and after `now`,
 * in the task's time zone. As with schedules, 09:00 stays 09:00 when the clocks change; a skipped time becomes the
 * first instant after the gap, a repeated time is its first occurrence. A short month uses its last day, and the anchor
 * stays: 31 January, 28 February, 31 March.
 * @returns null when the series has ended: by COUNT, UNTIL or `until`, or with its last date before the year 10000
 * @throws InvalidRecurrence when it is invalid, or its first task has no next one although nothing ends the series
 */
export function nextOccurrence(task: Occurrence, now: Date): NextOccurrence | null {
  const series = seriesOf(task, now);
  const next = series.rule === null ? byType(series) : byRule(series, series.rule);
  if (next === null || (task.until !== null && next.at * 1_000 > task.until.getTime())) return null;
  return {
    due: new Date(next.at * 1_000),
    number: next.number,
    position: wallText(next.wall),
    anchorDay: series.anchorDay,
    anchorTime: series.anchorTime,
  };
}

/** The plan of a task as it is stored, or as it follows from the due date of a task of an earlier version. */
export function plannedPosition(
  task: Pick<Occurrence, "due" | "rule" | "position" | "anchorDay" | "anchorTime"> & { readonly timeZone: string },
): SeriesPosition {
  const rule = task.rule === null ? null : readableRule(task.rule);
  const plan = positionOf(positionIn(task, task.timeZone, secondsOf(task), rule));
  return { ...plan, anchorDay: task.anchorDay ?? plan.anchorDay, anchorTime: task.anchorTime ?? plan.anchorTime };
}

interface Series extends Omit<SeriesPosition, "position"> {
  readonly task: Occurrence;
  readonly zone: string;
  readonly rule: RecurrenceRule | null;
  /** The position of the task, in seconds. */
  readonly wall: number;
  readonly day: number;
  /** The second of the day of the series. */
  readonly time: number;
  /** The next occurrence is after this instant, in seconds. */
  readonly after: number;
}

interface Found {
  readonly wall: number;
  /** In seconds. */
  readonly at: number;
  readonly number: number;
}

function seriesOf(task: Occurrence, now: Date): Series {
  const zone = zoneOf(task);
  const due = secondsOf(task);
  const rule = task.rule === null ? null : readRule(task.rule);
  const wall = positionIn(task, zone, due, rule);
  const day = Math.floor(wall / SECONDS_A_DAY);
  const anchorTime = task.anchorTime ?? wallText(wall).slice(11);
  return {
    task,
    zone,
    rule,
    wall,
    day,
    anchorDay: anchorDayOf(task, day),
    anchorTime,
    time: secondOfDay(anchorTime),
    after: Math.max(due, Math.floor(now.getTime() / 1_000)),
  };
}

/** A person may replace a rule that is invalid. */
function readableRule(text: string): RecurrenceRule | null {
  try {
    return readRule(text);
  } catch {
    return null;
  }
}

function positionIn(
  { position, anchorTime }: Pick<Occurrence, "position" | "anchorTime">,
  zone: string,
  due: number,
  rule: RecurrenceRule | null,
) {
  if (position !== null) return wallOf(position);
  if (anchorTime === null || (rule && namesTimes(rule))) return wallTimeAt(zone, due);
  return plannedWall(zone, due, secondOfDay(anchorTime));
}

function byType({ task, zone, day, anchorDay, time, after }: Series): Found | null {
  const steps = stepsOf(task, day, anchorDay);
  const today = Math.floor(wallTimeAt(zone, after) / SECONDS_A_DAY);
  // Starts at the step of the current day, which may be slightly before or after `after`; missed steps cost nothing.
  for (let step = Math.max(1, steps.indexOf(today)); ; step++) {
    const found = steps.dayAt(step);
    if (!(found <= LAST_DAY)) return lastOf(task, "recurrence_interval");
    const wall = found * SECONDS_A_DAY + time;
    const at = instantOf(zone, wall);
    if (at > after) return { wall, at, number: task.number + 1 };
  }
}

function byRule({ task, zone, wall: position, day, time, after }: Series, rule: RecurrenceRule): Found | null {
  const nowWall = wallTimeAt(zone, after);
  // Only a rule with COUNT has to visit the missed occurrences.
  const from = rule.count === null ? Math.max(position + 1, nowWall) : position + 1;
  let { number } = task;
  if (rule.count !== null && number >= rule.count) return null;
  for (const wall of occurrencesFrom(rule, day * SECONDS_A_DAY + time, from)) {
    if (rule.count !== null && ++number > rule.count) return null;
    if (wall < nowWall) continue;
    const at = instantOf(zone, wall);
    if (isPast(rule, wall, at)) return null;
    if (at > after) return { wall, at, number: rule.count === null ? task.number + 1 : number };
  }
  return rule.until === null ? lastOf(task, "recurrence_rule") : null;
}

/** A series ends with its last date. A first task without any next one is a mistake. */
function lastOf({ number, until }: Occurrence, field: "recurrence_interval" | "recurrence_rule"): null {
  if (number > 1 || until !== null) return null;
  throw new InvalidRecurrence(field, "expected an occurrence after the due date up to the year 9999, found none");
}

const LAST_DAY = dayNumberOf({ year: 9_999, month: 12, day: 31 });

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
function secondsOf({ due }: Pick<Occurrence, "due">): number {
  const seconds = Math.floor(due.getTime() / 1_000);
  if (Math.floor(seconds / SECONDS_A_DAY) <= LAST_DAY) return seconds;
  throw new InvalidRecurrence("due_date", "expected an instant up to the year 9999");
}
