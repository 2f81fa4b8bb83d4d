import { type Schedule, schedule } from "#schedule/index.ts";
import { isScheduled, type Job } from "./job.ts";

/** What settings say about a job's schedule; absent means: as its file says. */
export interface ScheduleOverrides {
  readonly schedule?: string;
  readonly timeZone?: string;
}

/**
 * The schedule that a job runs by: its file's, or what its settings make of it.
 * @returns null for a job without one
 * @throws ScheduleError naming the setting when that is wrong
 */
export function scheduleInForce(job: Job, { schedule: expression, timeZone }: ScheduleOverrides = {}): Schedule | null {
  if (!isScheduled(job)) return null;
  if (expression === undefined && timeZone === undefined) return job.on;
  return overridden(job.id, { expression: job.on.expression, zone: job.on.zone }, { schedule: expression, timeZone });
}

/** The written form of a schedule with a job's settings applied. */
export function overridden(
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
