import type { Finish } from "#data/platform/finishes.ts";
import type { ItemFailure, Run, RunState } from "#data/platform/schema.ts";
import type { RunResult } from "#jobs/define-job.ts";
import { attemptError, isRetryable, retryAfter } from "#jobs/error-class.ts";
import { backoff, type RetryPolicy } from "#jobs/retry.ts";
import { storable } from "#redaction/jsonb-safe.ts";
import { maskedText } from "#redaction/redacted-text.ts";

/** What became of the items of a run that has items. */
export interface ItemFacts {
  readonly itemFailures: readonly ItemFailure[];
  readonly itemFailureCount: number;
}

/** How one attempt ended, before anything is decided about the run. */
export type Ending =
  | ({ readonly kind: "returned"; readonly result: RunResult } & ItemFacts)
  | ({ readonly kind: "threw"; readonly error: Error } & Partial<ItemFacts>)
  | { readonly kind: "cancelled"; readonly reason: string; readonly code?: string }
  | { readonly kind: "snoozed"; readonly delayMs: number; readonly reason: string }
  | { readonly kind: "interrupted" };

/** The ending of work that returned. */
export function returned(
  result: RunResult,
  items: ItemFacts = { itemFailures: [], itemFailureCount: 0 },
): Extract<Ending, { kind: "returned" }> {
  return { kind: "returned", result, ...items };
}

/** What decides about the next state, besides the ending. */
export interface TransitionFacts {
  readonly run: Pick<Run, "attempt" | "maxAttempts" | "startedAt" | "errors">;
  readonly retry: RetryPolicy;
  readonly now: Date;
  /** In [0, 1): the jitter. */
  readonly random: number;
}

/** A provider that asks for more than this is not believed: a run must stay within what a Date can say. */
const LONGEST_WAIT_MS = 366 * 86_400_000;

/** Characters of a result: it is what the ledger, the log and every list show of a run, and no place for a report. */
const LARGEST_RESULT = 65_536;

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
  switch (ending.kind) {
    case "returned":
      return { ...final(facts), state: "succeeded", result: asResult(ending.result), ...itemsOf(ending) };
    case "cancelled":
      return {
        ...final(facts),
        state: "cancelled",
        ...because(ending.code ?? "cancelled", ending.reason || "no reason was given"),
      };
    case "snoozed":
      return {
        ...waiting(now, ending.delayMs, run.maxAttempts + 1),
        ...because("snoozed", ending.reason || "the job asked to be run later"),
      };
    case "interrupted":
      return {
        ...waiting(now, 0, run.maxAttempts + 1),
        ...because("interrupted", "the process that ran it stopped; it goes on elsewhere"),
      };
    case "threw":
      return { ...afterError(ending.error, facts), ...(ending.itemFailures && itemsOf(ending as ItemFacts)) };
  }
}

function afterError(error: Error, facts: TransitionFacts): Finish {
  const { run, retry, now, random } = facts;
  const entry = attemptError(error, run.attempt, now);
  if (!isRetryable(entry.class) || run.attempt >= run.maxAttempts) {
    return { ...final(facts), state: "dead", error: entry };
  }
  // By failures, not by attempts: a run that was put off many times has not failed many times.
  const delay = Math.max(backoff(retry, run.errors.length + 1, random), retryAfter(error) ?? 0);
  return { ...waiting(now, delay, run.maxAttempts), error: entry };
}

/** Waiting again. An attempt that was not its own fault is given back by raising the limit: attempts only ever count up, they fence. */
function waiting(now: Date, delayMs: number, maxAttempts: number): Finish {
  const notBefore = new Date(now.getTime() + Math.min(Math.ceil(delayMs), LONGEST_WAIT_MS));
  return { state: "retrying", notBefore, maxAttempts };
}

function final({ run, now }: TransitionFacts): Omit<Finish, "state"> {
  // The clock may have been set back meanwhile.
  const durationMs = run.startedAt ? Math.max(0, now.getTime() - run.startedAt.getTime()) : null;
  return { finishedAt: now, durationMs };
}

function because(reasonCode: string, reason: string): Pick<Finish, "reason" | "reasonCode"> {
  return { reasonCode, reason: maskedText(reason, 1_024) };
}

function itemsOf({ itemFailures, itemFailureCount }: ItemFacts): Pick<Finish, "itemFailures" | "itemFailureCount"> {
  return itemFailureCount > 0 ? { itemFailures, itemFailureCount } : {};
}

function asResult(result: RunResult): RunResult {
  const stored = storable(result, LARGEST_RESULT);
  return typeof stored === "object" && stored !== null && !Array.isArray(stored)
    ? (stored as RunResult)
    : { value: stored };
}
