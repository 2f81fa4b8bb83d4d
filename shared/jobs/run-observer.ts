import type { Executor } from "#data/client.ts";
import type { Progress, Run } from "#data/platform/platform-schema.ts";

/** A run as those who watch see it. Its input and result stay in the ledger. */
export type ObservedRun = Pick<Run, "id" | "jobId" | "family" | "attempt">;
export type RunStateChange = ObservedRun &
  Pick<Run, "state" | "trigger" | "maxAttempts" | "itemFailureCount" | "durationMs" | "reason" | "progress"> &
  Pick<Run, "scheduledFor" | "queuedAt" | "startedAt" | "finishedAt" | "notBefore">;

/** Something that those who watch may want to know at once. */
export interface NewEvent {
  /** Who hears it: lower case, as in `system_notifications` or `liens:travis`. */
  readonly channel: string;
  /** What happened, as in `lien.redeemed`. */
  readonly type: string;
  /** What JSON can hold; cut when it is too large to send. Whoever may hear the channel sees all of it. */
  readonly data: unknown;
}

/** Those who watch. They hear of what has been committed, may miss some of it, and are never a reason to wait or to fail. */
export interface RunObserver {
  /** Runs have come into the states that they are in now. */
  readonly stateChanged: (runs: readonly RunStateChange[]) => void;
  /** Progress has been stored. */
  readonly progressed: (runs: readonly { readonly run: ObservedRun; readonly progress: Progress }[]) => void;
  /**
   * Tells of events when the transaction has committed; outside of one at once.
   * @throws TypeError when a channel or a type is none
   */
  readonly publish: (tx: Executor, events: readonly NewEvent[]) => void;
}
