import type { Db, Tx } from "#data/client.ts";
import type { Lease } from "#data/platform/holds.ts";
import type { Run } from "#data/platform/schema.ts";
import type { Job } from "#jobs/define-job.ts";
import type { GateState } from "#jobs/gates.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Watch } from "#jobs/run-observer.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Config } from "#settings/config.ts";
import type { JobSettings } from "./job-settings.ts";

/** What the runner stands on. All of it is given, so that a test can move the clock or lose a message. */
export interface RunnerDependencies {
  readonly db: Db;
  /** For heartbeats alone, so that they wait for no statement of a job. Default: `db`. */
  readonly beatDb?: Db;
  readonly clock: Clock;
  readonly log: JobLog;
  /** Names this process in leases; unique per process start. */
  readonly holder: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** The app's settings, handed to jobs as they are. */
  readonly settings: Config;
  readonly gates: () => GateState;
  /** Finds a job by id, loading its code on first use. */
  readonly findJob: (id: string) => Promise<Job | undefined>;
  readonly settingsOf: (job: Job) => JobSettings;
  /** Carries waiting runs to a worker at their time. May lose one: the sweep finds it. */
  readonly dispatch: (runs: readonly DispatchedRun[]) => Promise<void>;
  /** Tells those who run the app of runs that failed for good, in the transaction that ends them. */
  readonly alert?: (tx: Tx, dead: readonly Run[]) => Promise<void>;
  /** Of what is going on where a run is asked for, which it is then a part of. Default: each run begins something of its own. */
  readonly correlationId?: () => string | undefined;
  /** Those who watch, told after each commit. */
  readonly watch?: Watch;
  readonly random?: () => number;
}

export interface DispatchedRun {
  readonly id: string;
  readonly jobId: string;
  readonly at: Date;
}

/** The lease that this process takes. */
export function leaseOf({ holder, leaseMs }: RunnerDependencies): Lease {
  return { holder, leaseMs };
}
