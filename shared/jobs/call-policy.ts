import type { ProviderWait } from "./provider-wait.ts";

/** A call to a provider that is about to start. */
export interface PlannedCall {
  readonly provider: string;
  /** The path of its URL, without the query: some limits hold for a part of an API. */
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
}

/** How a call ended. */
export interface CallOutcome {
  /** Undefined without a response. */
  readonly status?: number | undefined;
  /** Undefined for a response that could be used. */
  readonly error?: Error;
  /** Milliseconds that the response asks to wait. */
  readonly retryAfterMs?: number | undefined;
  /** Millionths of a US cent that the provider charges for it, where known. */
  readonly microcents?: number | undefined;
}

/** A call that has started. */
export interface StartedCall {
  /**
   * Records how it ended; later calls of it are ignored. Nothing is known of an outcome without status and error: the
   * caller stopped.
   * @returns the wait of the provider, when this failure opened its circuit breaker or found it open
   */
  ended(outcome: CallOutcome): Promise<ProviderWait | undefined>;
}

/** What decides about calls to providers: rate limits, quotas and circuit breakers, which all processes share. */
export interface CallPolicy {
  /**
   * Waits for the rate limit of the provider, for a few seconds at most.
   * @throws ProviderError of class `rate_limited` with a `providerWait` when the call may start only later: the circuit
   *   breaker is open, the quota is exhausted, or the rate limit takes longer
   */
  begin(call: PlannedCall): Promise<StartedCall>;
  /** The provider asked to wait, in a response that `begin` does not see. Holds for all processes. */
  limited(provider: string, waitMs: number): Promise<void>;
}
