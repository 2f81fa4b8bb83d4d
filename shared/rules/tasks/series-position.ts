import { SECONDS_A_DAY } from "#schedule/calendar.ts";
import { wallTimeAt } from "#schedule/wall-clock.ts";

/**
 * What a series carries from task to task: wall times of its zone. A clock change, or a person who moves one task,
 * changes that task's due date and none of these.
 */
export interface SeriesPosition {
  /** The planned wall time of this task, `2026-03-28T23:30:00`. */
  readonly position: string;
  /** The day of the month of the series, which a short month may not have. */
  readonly anchorDay: number;
  /** The time of day of the series, `HH:MM:SS`: that of its first task, which a rule with BYHOUR may never repeat. */
  readonly anchorTime: string;
}

/** The position of the first task of a series. */
export function positionAt(due: Date, timeZone: string): SeriesPosition {
  return positionOf(wallTimeAt(timeZone, Math.floor(due.getTime() / 1_000)));
}

/** @param wall the planned wall time, in seconds since 1970-01-01T00:00 on the clocks of the zone */
export function positionOf(wall: number): SeriesPosition {
  const position = wallText(wall);
  return { position, anchorDay: Number(position.slice(8, 10)), anchorTime: position.slice(11) };
}

/** `2026-03-28T23:30:00`. */
export function wallText(wall: number): string {
  return new Date(wall * 1_000).toISOString().slice(0, 19);
}

/** The seconds of a wall time `2026-03-28T23:30:00`; a blank in place of the T is accepted. */
export function wallOf(text: string): number {
  return Date.parse(`${text}Z`) / 1_000;
}

/** The second of the day of `HH:MM:SS`. */
export function secondOfDay(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  return hours * 3_600 + minutes * 60 + Math.floor(seconds);
}

/**
 * The planned wall time of a task that was stored before positions were: its day at the time of the series. A due date
 * right after a gap that skipped that time of the day before belongs to the day before.
 * @param time the second of the day of the series
 */
export function plannedWall(timeZone: string, due: number, time: number): number {
  const wall = wallTimeAt(timeZone, due);
  const today = Math.floor(wall / SECONDS_A_DAY) * SECONDS_A_DAY + time;
  const yesterday = today - SECONDS_A_DAY;
  const isSkipped = wallTimeAt(timeZone, due - 1) < yesterday && yesterday < wall;
  return isSkipped ? yesterday : today;
}
