import type { Finish } from "../../data/platform/job-runs.ts";
import type { ItemFailure, Run, RunState } from "../../data/platform/schema.ts";
import { classify, isRetryable, retryAfter, stackOf, type AttemptError } from "../error-class.ts";
import { backoff, type RetryPolicy } from "../retry.ts";
import type { RunResult } from "../define-job.ts";

/** How one attempt ended, before anything is decided about the run. */
export type Ending =
  | {
      readonly kind: "returned";
      readonly result: RunResult;
      readonly itemFailures: readonly ItemFailure[];
      readonly itemFailureCount: number;
    }
  | { readonly kind: "threw"; readonly error: Error }
  | { readonly kind: "cancelled"; readonly reason: string }
  | { readonly kind: "snoozed"; readonly delayMs: number; readonly reason: string }
  | { readonly kind: "interrupted" };

/** What decides about the next state, besides the ending. */
export interface TransitionFacts {
  readonly run: Pick<Run, "attempt" | "maxAttempts" | "startedAt">;
  readonly retry: RetryPolicy;
  readonly now: Date;
  /** In [0, 1): the jitter. */
  readonly random: number;
}

/** The states that a run can leave, and where to. Everything else is refused by the guarded updates and constraints. */
export const LEGAL_MOVES: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ["running", "cancelled", "skipped"],
  running: ["succeeded", "retrying", "dead", "cancelled", "skipped"],
  retrying: ["running", "cancelled", "skipped"],
  succeeded: [],
  dead: [],
  skipped: [],
  cancelled: [],
};

/** Decides what becomes of a run whose attempt has ended. Pure. */
export function transition(ending: Ending, facts: TransitionFacts): Finish {
  const { run, now } = facts;
  const final = { finishedAt: now, durationMs: run.startedAt ? now.getTime() - run.startedAt.getTime() : null };
  switch (ending.kind) {
    case "returned":
      return {
        ...final,
        state: "succeeded",
        result: ending.result,
        itemFailures: ending.itemFailures.length ? ending.itemFailures : null,
        itemFailureCount: ending.itemFailureCount,
        notBefore: null,
      };
    case "cancelled":
      return { ...final, state: "cancelled", reason: ending.reason, reasonCode: "cancelled", notBefore: null };
    case "snoozed":
      return waiting(now, ending.delayMs, run.maxAttempts + 1);
    case "interrupted":
      return waiting(now, 0, run.maxAttempts + 1);
    case "threw":
      return afterError(ending.error, facts, final);
  }
}

function afterError(
  error: Error,
  { run, retry, now, random }: TransitionFacts,
  final: Pick<Finish, "finishedAt" | "durationMs">,
): Finish {
  const errorClass = classify(error);
  const entry = attemptError(error, run.attempt, now);
  if (!isRetryable(errorClass) || run.attempt >= run.maxAttempts) {
    return { ...final, state: "dead", notBefore: null, error: { ...entry } };
  }
  const delay = Math.max(backoff(retry, run.attempt, random), retryAfter(error) ?? 0);
  return { ...waiting(now, delay, run.maxAttempts), error: { ...entry } };
}

/** Waiting again. An attempt that was not its own fault is given back by raising the limit: attempts only ever count up, they fence. */
function waiting(now: Date, delayMs: number, maxAttempts: number): Finish {
  return { state: "retrying", notBefore: new Date(now.getTime() + delayMs), maxAttempts };
}

function attemptError(error: Error, attempt: number, now: Date): AttemptError {
  return {
    attempt,
    at: now.toISOString(),
    class: classify(error),
    name: error.name,
    message: error.message.slice(0, 4_096),
    stack: stackOf(error),
  };
}
