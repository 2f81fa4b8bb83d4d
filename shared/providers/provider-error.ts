import type { ErrorClass } from "#jobs/error-class.ts";
import type { ProviderWait } from "#jobs/provider-wait.ts";

export interface ProviderErrorFacts {
  readonly provider: string;
  readonly errorClass: ErrorClass;
  /** Without user, password or secret query values. */
  readonly url?: string | undefined;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * An outside service failed, or its response cannot be used. The message is one sentence for a person. The job layer
 * reads only `errorClass`, and `retryAfterMs` when the service asked to wait.
 *
 * | what happened | class |
 * |---|---|
 * | network, DNS, timeout, 408, 425, 5xx, a body that ends early, a web page where data was expected | `transient` |
 * | 429 | `rate_limited` |
 * | 401, 403 | `auth` |
 * | other 4xx, a forbidden host or address, a body over its limit, an unknown format | `validation` |
 */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly provider: string;
  readonly errorClass: ErrorClass;
  readonly url: string | undefined;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  /** Set when the provider is down, so that the run waits without spending an attempt. */
  providerWait: ProviderWait | undefined;

  constructor(sentence: string, { provider, errorClass, url, status, retryAfterMs, cause }: ProviderErrorFacts) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.provider = provider;
    this.errorClass = errorClass;
    this.url = url;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A call that the layer did not make: its circuit breaker is open, or a quota or rate limit is reached. */
export class ProviderNotCalled extends ProviderError {
  /** @param isSpent whether the wait counts as a failed attempt: the outage has lasted too long */
  constructor(wait: ProviderWait, isSpent: boolean) {
    const facts = { provider: wait.provider, errorClass: "rate_limited", retryAfterMs: wait.waitMs } as const;
    super(`${wait.provider} was not called: ${wait.reason}`, facts);
    this.providerWait = isSpent ? undefined : wait;
  }
}
