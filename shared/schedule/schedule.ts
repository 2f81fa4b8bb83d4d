import type { Ncrontab } from "./ncrontab.ts";
import { isInterval, readNcrontab } from "./ncrontab.ts";
import { ScheduleError } from "./schedule-error.ts";
import { checkZoneName } from "./zone-name.ts";

/** A six-field NCRONTAB expression on the clocks of an IANA time zone. Made by `schedule`. */
export interface Schedule {
  readonly expression: string;
  readonly zone: string;
  readonly fields: Ncrontab;
  /** Whether a repeated wall time is due twice: for intervals (`*`, a range or a step in seconds, minutes or hours). */
  readonly repeats: boolean;
}

/** The settings of the expression and the zone, for the message when one is not valid. */
export interface ScheduleSettings {
  readonly expression?: string;
  readonly zone?: string;
}

/**
 * Makes a schedule from `second minute hour day month weekday` (0 is Sunday) and a zone:
 * `schedule("0 30 16 * * MON-FRI", "Europe/Berlin")`.
 *
 * Fields accept stars, lists, ranges and steps; months and weekdays accept names of three letters or more. Day **and**
 * weekday must match. A wall time that the clocks skip is due at the first instant after the gap, once for all skipped
 * times. A repeated wall time is due once, the first time; for an interval both times.
 *
 * @throws ScheduleError with every fault of both, each after its name in `settings`.
 */
export function schedule(expression: string, zone: string, settings: ScheduleSettings = {}): Schedule {
  const faults: string[] = [];
  const fields = readNcrontab(expression, (fault) => faults.push(`${settings.expression ?? "schedule"}: ${fault}`));
  checkZoneName(zone, (fault) => faults.push(`${settings.zone ?? "time zone"}: ${fault}`));
  if (!fields || faults.length > 0) throw new ScheduleError(faults);
  return { expression, zone, fields, repeats: isInterval(fields) };
}
