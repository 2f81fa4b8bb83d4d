import { type Schedule, schedule } from "#schedule/index.ts";
import { isScheduled, type Job } from "./job.ts";

/** What the settings change in a job's schedule. Absent: the value of its file. */
export interface ScheduleOverrides {
  readonly schedule?: string;
  readonly timeZone?: string;
}

/**
 * The schedule in force: the one in the job's file with the overrides of its settings.
 * @returns null for a job without a schedule
 * @throws ScheduleError naming the setting when an override is invalid
 */
export function effectiveSchedule(
  job: Job,
  { schedule: expression, timeZone }: ScheduleOverrides = {},
): Schedule | null {
  if (!isScheduled(job)) return null;
  if (expression === undefined && timeZone === undefined) return job.on;
  return withOverrides(
    job.id,
    { expression: job.on.expression, zone: job.on.zone },
    { schedule: expression, timeZone },
  );
}

/** A schedule with the overrides of the job's settings. */
export function withOverrides(
  jobId: string,
  own: { readonly expression: string; readonly zone: string },
  overrides: { readonly schedule?: string | undefined; readonly timeZone?: string | undefined },
): Schedule {
  const id = jobId.toUpperCase();
  return schedule(overrides.schedule ?? own.expression, overrides.timeZone ?? own.zone, {
    expression: `${id}_SCHEDULE`,
    zone: `${id}_TIME_ZONE`,
  });
}
