import type { Tx } from "#data/client.ts";
import type { Refusal } from "#data/platform/gate-refusals.ts";
import type { ItemFailure, Run } from "#data/platform/platform-schema.ts";
import type { Config } from "#settings/config.ts";

/** A group of jobs that belong to one business system. Its schema in the database has the same name. */
export interface Family {
  readonly id: string;
  readonly title: string;
  /** The setting that replaces the time zone of the family's schedules. Default: none. A job may name another. */
  readonly zoneSetting?: ZoneSetting;
  /** Called after the hook of the job itself, for each job of the family. Default: none. */
  readonly onTransition?: OnTransition;
  /**
   * Called in the transaction that stores why due runs wait: a gate keeps them from their attempt. Once for each run
   * and reason, however many claims find the gate closed. Default: none.
   */
  readonly onHeld?: (tx: Tx, runs: readonly HeldWaitingRun[], refusal: Refusal, now: Date) => Promise<void>;
}

/**
 * A hook that is called in the transaction in which a run enters its state.
 * @param itemFailures up to 10,100 failed items of the attempt that has just ended; `run` has the first 100
 */
export type OnTransition = (tx: Tx, run: Run, itemFailures: readonly ItemFailure[], now: Date) => Promise<void>;

/** A due run that a gate keeps waiting. */
export type HeldWaitingRun = Pick<Run, "id" | "jobId" | "attempt">;

/** A setting whose value is a time zone. */
export type ZoneSetting = Extract<keyof Config, `${string}_TIME_ZONE`>;
