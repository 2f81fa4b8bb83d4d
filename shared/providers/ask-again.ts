import { setTimeout as pause } from "node:timers/promises";
import { classify, isRetryable, retryAfter } from "#jobs/error-class.ts";
import { backoff, type RetryPolicy } from "#jobs/retry.ts";

/**
 * Asks, and asks again while the failure may pass: after the policy's delay, or when the service said it may. One that wants to
 * wait longer than `longestWaitMs` is not waited for. Rejects with the last failure, or with the signal's reason.
 */
export async function askAgain<T>(
  ask: () => Promise<T>,
  { policy, longestWaitMs, signal }: { policy: RetryPolicy; longestWaitMs: number; signal: AbortSignal },
): Promise<T> {
  for (let retry = 1; ; retry++) {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      const wait = Math.max(backoff(policy, retry, Math.random()), retryAfter(error) ?? 0);
      if (retry > policy.retries || !isRetryable(classify(error)) || wait > longestWaitMs) throw error;
      await pause(wait, undefined, { signal }).catch(() => {
        signal.throwIfAborted();
      });
    }
  }
}
