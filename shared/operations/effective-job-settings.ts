import { isScheduled, type Job } from "#jobs/job.ts";
import { type JobOverrides, jobSettingNames } from "#settings/job-settings.ts";

/** One setting of a job as it is in force, and where that comes from. */
export interface SettingInForce {
  readonly name: string;
  readonly value: string | number | boolean;
  /** The job's own file, or the environment, which wins. */
  readonly source: "file" | "environment";
}

/** What can be set about a job without touching its code; a job without a schedule has no settings for one. */
export function jobSettingsInForce(job: Job, overrides: JobOverrides = {}): SettingInForce[] {
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
