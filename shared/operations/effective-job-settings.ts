import { isScheduled, type Job } from "#jobs/job.ts";
import { type JobOverrides, jobSettingNames } from "#settings/job-settings.ts";

/** One setting of a job in force, with its source. */
export interface EffectiveSetting {
  readonly name: string;
  readonly value: string | number | boolean;
  /** The job's file, or the environment, which takes precedence. */
  readonly source: "file" | "environment";
}

/** The settings of a job in force. A job without a schedule has no settings for one. */
export function effectiveJobSettings(job: Job, overrides: JobOverrides = {}): EffectiveSetting[] {
  const names = jobSettingNames(job.id);
  const own: Partial<Record<keyof JobOverrides, string | number | boolean>> = {
    ...(isScheduled(job) && { schedule: job.on.expression, timeZone: job.on.zone }),
    enabled: job.enabledByDefault,
    maxRetries: job.retry.retries,
  };
  return (Object.keys(own) as (keyof JobOverrides)[]).map((key) => {
    const given = overrides[key];
    return { name: names[key], value: given ?? own[key]!, source: given === undefined ? "file" : "environment" };
  });
}
