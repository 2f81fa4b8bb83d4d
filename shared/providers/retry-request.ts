import { setTimeout as pause } from "node:timers/promises";
import { classify, isRetryable, retryAfter } from "#jobs/error-class.ts";
import { providerWaitOf } from "#jobs/provider-wait.ts";
import { backoff, type RetryPolicy } from "#jobs/retry.ts";

/**
 * Sends a request and retries it after retryable failures: after the delay of the policy or the wait that the service
 * asked for, whichever is longer. A wait of more than `longestWaitMs` milliseconds ends the retries.
 * @throws the last failure, or the signal's reason
 */
export async function retryRequest<T>(
  ask: () => Promise<T>,
  { policy, longestWaitMs, signal }: { policy: RetryPolicy; longestWaitMs: number; signal: AbortSignal },
): Promise<T> {
  for (let retry = 1; ; retry++) {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      const wait = Math.max(backoff(policy, retry, Math.random()), retryAfter(error) ?? 0);
      // The run waits, and all its requests with it.
      if (providerWaitOf(error)) throw error;
      if (retry > policy.retries || !isRetryable(classify(error)) || wait > longestWaitMs) throw error;
      await pause(wait, undefined, { signal }).catch(() => {
        signal.throwIfAborted();
      });
    }
  }
}
