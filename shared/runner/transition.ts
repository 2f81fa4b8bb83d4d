import type { Run } from "#data/platform/platform-schema.ts";
import type { NextState } from "#data/platform/run-completion.ts";
import type { RunResult } from "#jobs/context.ts";
import { attemptError, isRetryable, retryAfter } from "#jobs/error-class.ts";
import { PROVIDER_WAIT } from "#jobs/provider-wait.ts";
import { backoff, type RetryPolicy } from "#jobs/retry.ts";
import { jsonbSafe } from "#redaction/jsonb-safe.ts";
import { redactedText } from "#redaction/redacted-text.ts";
import type { ItemFacts, OpenEnding } from "./ending.ts";

/** What decides about the next state, besides the ending. */
export interface TransitionFacts {
  readonly run: Pick<Run, "attempt" | "maxAttempts" | "startedAt" | "errors">;
  readonly retry: RetryPolicy;
  readonly now: Date;
  /** In [0, 1): the jitter. */
  readonly random: number;
}

/** The longest wait that a provider can ask for: a run's time must stay within the range of a Date. */
const LONGEST_WAIT_MS = 366 * 86_400_000;

/** Characters of a result: the ledger, the log and every list show it, so it is no place for a report. */
const LARGEST_RESULT = 65_536;

/** Decides the next state of a run whose attempt has ended; `legalMoves` has the possible ones. Pure. */
export function transition(ending: OpenEnding, facts: TransitionFacts): NextState {
  const { run, now } = facts;
  switch (ending.kind) {
    case "returned":
      return { ...final(facts), state: "succeeded", result: asResult(ending.result), ...itemsOf(ending) };
    case "cancelled":
      return {
        ...final(facts),
        state: "cancelled",
        ...because("cancelled", ending.reason || "no reason was given"),
      };
    case "snoozed":
      return {
        ...waiting(now, ending.delayMs, run.maxAttempts + 1 + failedInOutage(run, ending.provider?.failingSince)),
        ...because(
          ending.provider ? PROVIDER_WAIT + ending.provider.provider : "snoozed",
          ending.reason || "the job asked to be run later",
        ),
        ...(ending.itemFailures && itemsOf(ending as ItemFacts)),
      };
    case "interrupted":
      return {
        ...waiting(now, 0, run.maxAttempts + 1),
        ...because("interrupted", "the process that ran it stopped; another process runs it again"),
      };
    case "blocked":
      // Due at once: its claim finds the gate closed and leaves the run waiting, or finds it open again.
      return { ...waiting(now, 0, run.maxAttempts + 1), ...because(ending.code, ending.reason) };
    case "threw":
      return { ...afterError(ending.error, facts), ...(ending.itemFailures && itemsOf(ending as ItemFacts)) };
  }
}

function afterError(error: Error, facts: TransitionFacts): NextState {
  const { run, retry, now, random } = facts;
  const entry = attemptError(error, run.attempt, now);
  if (!isRetryable(entry.class) || run.attempt >= run.maxAttempts) {
    return { ...final(facts), state: "dead", error: entry };
  }
  // By failures, not by attempts: a run that was snoozed many times has not failed many times.
  const delay = Math.max(backoff(retry, run.errors.length + 1, random), retryAfter(error) ?? 0);
  return { ...waiting(now, delay, run.maxAttempts), error: entry };
}

/** Waiting again. An attempt that does not count raises the limit: attempts only count up, since they fence. */
function waiting(now: Date, delayMs: number, maxAttempts: number): NextState {
  const notBefore = new Date(now.getTime() + Math.min(Math.ceil(delayMs), LONGEST_WAIT_MS));
  return { state: "retrying", notBefore, maxAttempts };
}

/**
 * The attempts directly before this one that failed since a provider is down: they met the outage before its circuit
 * breaker opened. An attempt that waited in between has already given those before it back.
 */
function failedInOutage({ attempt, errors }: TransitionFacts["run"], since: Date | null | undefined): number {
  if (!since) return 0;
  let failed = 0;
  for (const error of errors.toReversed()) {
    const isOfOutage = error.attempt === attempt - 1 - failed && new Date(error.at) >= since;
    if (!isOfOutage || error.class !== "transient") break;
    failed += 1;
  }
  return failed;
}

function final({ run, now }: TransitionFacts): Omit<NextState, "state"> {
  // The clock may have been set back meanwhile.
  const durationMs = run.startedAt ? Math.max(0, now.getTime() - run.startedAt.getTime()) : null;
  return { finishedAt: now, durationMs };
}

function because(reasonCode: string, reason: string): Pick<NextState, "reason" | "reasonCode"> {
  return { reasonCode, reason: redactedText(reason, 1_024) };
}

function itemsOf({ itemFailures, itemFailureCount }: ItemFacts): Pick<NextState, "itemFailures" | "itemFailureCount"> {
  return itemFailureCount > 0 ? { itemFailures, itemFailureCount } : {};
}

function asResult(result: RunResult): RunResult {
  const stored = jsonbSafe(result, LARGEST_RESULT);
  return typeof stored === "object" && stored !== null && !Array.isArray(stored)
    ? (stored as RunResult)
    : { value: stored };
}
