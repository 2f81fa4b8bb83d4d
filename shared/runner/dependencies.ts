import type { Db, Tx } from "#data/client.ts";
import type { FreedSlot } from "#data/platform/early-slots.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { Lease } from "#data/platform/run-leases.ts";
import type { CallPolicy } from "#jobs/call-policy.ts";
import type { GateState } from "#jobs/gates.ts";
import type { Job } from "#jobs/job.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Outbound, OutboundOptions } from "#jobs/outbound-client.ts";
import type { RunObserver } from "#jobs/run-observer.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Schedule } from "#schedule/index.ts";
import type { Config } from "#settings/config.ts";

/** What the runner needs. All of it is passed in, so that a test can move the clock or lose a message. */
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
  /** The app's settings, passed to jobs unchanged. */
  readonly settings: Config;
  readonly gates: () => GateState;
  /** Opens a client for calls to a provider. */
  readonly outbound: (options: OutboundOptions) => Outbound;
  /** The policy of the calls that a run makes. Default: every call starts at once. */
  readonly callPolicy?: (run: Run) => CallPolicy;
  /** Finds a job by id, loading its code on first use. */
  readonly findJob: (id: string) => Promise<Job | undefined>;
  /** The schedules in force, for the slots that no tick recorded. Default: none are looked for. */
  readonly schedules?: () => Promise<readonly ScheduleInForce[]>;
  readonly settingsOf: (job: Job) => JobRunSettings;
  /** Sends waiting runs to workers, each for its time. May lose one: the sweep finds it. */
  readonly dispatch: (runs: readonly DispatchedRun[]) => Promise<void>;
  /** Alerts about runs that became dead letters, in the transaction that ends them. */
  readonly alert?: (tx: Tx, dead: readonly Run[]) => Promise<void>;
  /** Alerts about slots that runs took too early, in the transaction that frees them. */
  readonly alertFreedSlots?: (tx: Tx, freed: readonly FreedSlot[]) => Promise<void>;
  /** Checks whether the queues deliver, before each sweep. Default: nothing is checked. */
  readonly checkDelivery?: () => Promise<void>;
  /** Executes, in this process, those overdue runs whose queue does not deliver. Default: they wait for it. */
  readonly executeUndelivered?: (runs: readonly DispatchedRun[]) => Promise<void>;
  /** Closes circuit breakers of providers that have recovered, before each sweep. Default: nothing is closed. */
  readonly closeRecovered?: () => Promise<void>;
  /** The correlation id of the operation that enqueues a run. Default: each run starts an operation of its own. */
  readonly correlationId?: () => string | undefined;
  /** Observes committed state changes and progress, and publishes live events. */
  readonly observer?: RunObserver;
  readonly random?: () => number;
}

/** The settings of one job, `<ID>_ENABLED` and `<ID>_MAX_RETRIES`. The schedule's are read at registration. */
export interface JobRunSettings {
  readonly enabled: boolean;
  readonly maxRetries: number;
}

/** The schedule of one job, with the overrides of its settings. */
export interface ScheduleInForce {
  readonly jobId: string;
  readonly schedule: Schedule;
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
