import type { Executor } from "#data/client.ts";
import type { Progress, Run } from "#data/platform/platform-schema.ts";

/** The part of a run that observers see. Its input and result stay in the ledger. */
export type ObservedRun = Pick<Run, "id" | "jobId" | "family" | "attempt">;
export type RunStateChange = ObservedRun &
  Pick<Run, "state" | "trigger" | "maxAttempts" | "itemFailureCount" | "durationMs" | "reason" | "progress"> &
  Pick<Run, "scheduledFor" | "queuedAt" | "startedAt" | "finishedAt" | "notBefore">;

/** An event for live subscribers. */
export interface NewEvent {
  /** Its subscribers: lower case, as in `system_notifications` or `liens:travis`. */
  readonly channel: string;
  /** What happened, as in `lien.redeemed`. */
  readonly type: string;
  /** A JSON value; truncated when it is too large to send. Every subscriber of the channel sees all of it. */
  readonly data: unknown;
}

/** Observes committed changes of runs. It may miss some, and never delays or fails the work. */
export interface RunObserver {
  /** Runs have entered their current states. */
  readonly stateChanged: (runs: readonly RunStateChange[]) => void;
  /** Progress has been stored. */
  readonly progressed: (runs: readonly { readonly run: ObservedRun; readonly progress: Progress }[]) => void;
  /**
   * Publishes events after the commit of the transaction; outside a transaction at once.
   * @throws TypeError when a channel or a type is invalid
   */
  readonly publish: (tx: Executor, events: readonly NewEvent[]) => void;
}
