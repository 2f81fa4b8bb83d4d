import { readNcrontab } from "#schedule/ncrontab.ts";
import { checkZoneName } from "#schedule/zone-name.ts";
import { flag, type Setting, text, whole } from "./setting.ts";

/** What the settings need to know about a job. */
export interface ConfigurableJob {
  readonly id: string;
  /** Default true. A job without a schedule accepts no settings for one. */
  readonly isScheduled?: boolean;
  /** The setting whose time zone the job shares with others, unless it has one of its own. */
  readonly zoneSetting?: string | undefined;
  /** Earlier ids of the job, whose settings still count. */
  readonly formerIds?: readonly string[];
}

/** What the environment sets for one job. An absent value leaves the job's own. */
export interface JobOverrides {
  readonly schedule?: string;
  readonly timeZone?: string;
  readonly enabled?: boolean;
  readonly maxRetries?: number;
}

/** The settings that every job has. */
export const JOB_SETTINGS = {
  schedule: text({ about: "When it runs: second minute hour day month day-of-week." }),
  timeZone: text({ about: "The zone of its schedule: an IANA name such as Europe/Berlin." }),
  enabled: flag({ about: "false: its slots are recorded as skipped." }),
  maxRetries: whole(0, 100, { about: "Retries after the first attempt." }),
} satisfies Record<keyof JobOverrides, Setting<unknown>>;

/** The names of a job's settings: `SYNC_FX_LATEST_SCHEDULE`, … */
export function jobSettingNames(jobId: string): Record<keyof JobOverrides, string> {
  const id = jobId.toUpperCase();
  return {
    schedule: `${id}_SCHEDULE`,
    timeZone: `${id}_TIME_ZONE`,
    enabled: `${id}_ENABLED`,
    maxRetries: `${id}_MAX_RETRIES`,
  };
}

/** Every name under which a job's settings are read: under its id and under its former ids. */
export function allJobSettingNames({ id, formerIds = [] }: ConfigurableJob): string[] {
  return [id, ...formerIds].flatMap((each) => Object.values(jobSettingNames(each)));
}

/** Reads one setting by its name; undefined where it is absent or wrong. */
export type ReadSetting = (name: string, setting: Setting<unknown>) => unknown;

/**
 * Reads what the environment sets for a job.
 * @param sharedZone the time zone of `zoneSetting`, where the environment sets it
 */
export function readJobOverrides(job: ConfigurableJob, read: ReadSetting, sharedZone?: string): JobOverrides {
  const names = [job.id, ...(job.formerIds ?? [])].map(jobSettingNames);
  const overrides: Record<string, unknown> = {};
  if (sharedZone !== undefined) overrides.timeZone = sharedZone;
  for (const [key, setting] of Object.entries(JOB_SETTINGS)) {
    // The current name wins: the former ones come after it.
    const value = names.map((of) => read(of[key as keyof JobOverrides], setting)).find((each) => each !== undefined);
    if (value !== undefined) overrides[key] = value;
  }
  return overrides;
}

/** What is wrong with the settings of a job's schedule. A schedule for a job without one would have no effect. */
export function jobFaults({ id, isScheduled = true }: ConfigurableJob, { schedule, timeZone }: JobOverrides): string[] {
  const names = jobSettingNames(id);
  const faults: string[] = [];
  if (schedule !== undefined) readNcrontab(schedule, (fault) => faults.push(`${names.schedule}: ${fault}`));
  if (timeZone !== undefined) checkZoneName(timeZone, (fault) => faults.push(`${names.timeZone}: ${fault}`));
  if (isScheduled) return faults;
  const given = [schedule !== undefined && names.schedule, timeZone !== undefined && names.timeZone];
  for (const name of given) {
    if (name) faults.push(`${name}: ${id} has no schedule and runs on request only; remove the setting`);
  }
  return faults;
}
