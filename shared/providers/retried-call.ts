import { exponential } from "#jobs/retry.ts";
import { retryRequest } from "./retry-request.ts";

/** A longer wait that a provider asks for ends the synchronisation; the next one continues. */
const LONGEST_WAIT_MS = 120_000;
const POLICY = exponential({ retries: 3, first: "1s", max: "30s" });

/**
 * Sends a request and reads its response, and again after a failure that may pass. A wrong credential is not retried.
 */
export function retriedCall<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return retryRequest(call, { policy: POLICY, longestWaitMs: LONGEST_WAIT_MS, signal });
}
