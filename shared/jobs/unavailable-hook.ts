import type { Clock } from "#schedule/clock.ts";
import type { Config } from "#settings/config.ts";
import type { JobLog } from "./job-log.ts";

/** What a job can use while the database is unavailable. */
export interface UnavailableFacts {
  readonly settings: Config;
  readonly log: JobLog;
  readonly clock: Clock;
  readonly error: Error;
}

/** Called once by each tick of a job's schedule that finds the database unavailable. The slot waits for it. */
export type UnavailableHook = (facts: UnavailableFacts) => Promise<void>;
