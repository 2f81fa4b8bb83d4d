import type { Ncrontab } from "./ncrontab.ts";
import { isInterval, readNcrontab } from "./ncrontab.ts";
import { ScheduleError } from "./schedule-error.ts";
import { checkZoneName } from "./zone-name.ts";

/** When something is due: a six-field NCRONTAB expression on the clocks of an IANA time zone. Made by `schedule`. */
export interface Schedule {
  readonly expression: string;
  readonly zone: string;
  readonly fields: Ncrontab;
  /** Whether a wall time that comes twice is due twice: so for intervals (`*`, a range or a step in seconds, minutes or hours). */
  readonly repeats: boolean;
}

/** The settings that the two halves of a schedule came from, for the message when one is wrong. */
export interface ScheduleSettings {
  readonly expression?: string;
  readonly zone?: string;
}

/**
 * Makes a schedule from `second minute hour day month weekday` (0 is Sunday) and a zone: `schedule("0 30 16 * * MON-FRI", "Europe/Berlin")`.
 *
 * Fields take stars, lists, ranges and steps; months and weekdays take names of three letters or more. Day **and** weekday must match.
 * A wall time that the clock skips is due at the first instant after the gap, once for all that it skips. One that comes twice is due
 * once, the first time, or both times for an interval.
 *
 * @throws ScheduleError with every fault of both, each led by its name in `settings`.
 */
export function schedule(expression: string, zone: string, settings: ScheduleSettings = {}): Schedule {
  const faults: string[] = [];
  const fields = readNcrontab(expression, (fault) => faults.push(`${settings.expression ?? "schedule"}: ${fault}`));
  checkZoneName(zone, (fault) => faults.push(`${settings.zone ?? "time zone"}: ${fault}`));
  if (!fields || faults.length > 0) throw new ScheduleError(faults);
  return { expression, zone, fields, repeats: isInterval(fields) };
}
