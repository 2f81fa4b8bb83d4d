import { type Duration, milliseconds } from "#schedule/duration.ts";

/** How often and how soon a failed run is retried. Data, so that settings and the admin API can show and change it. */
export type RetryPolicy =
  | { readonly kind: "never"; readonly retries: 0 }
  | { readonly kind: "linear"; readonly retries: number; readonly delayMs: number }
  | {
      readonly kind: "exponential";
      readonly retries: number;
      readonly firstMs: number;
      readonly factor: number;
      readonly maxMs: number;
    };

/** No retries: for work whose next slot replaces one. */
export const noRetries: RetryPolicy = { kind: "never", retries: 0 };

/**
 * The same delay before every retry.
 * @throws RangeError when a number is out of range
 */
export function linear({ retries, delay }: { retries: number; delay: Duration }): RetryPolicy {
  return { kind: "linear", retries: wholeCount(retries), delayMs: milliseconds(delay) };
}

/**
 * Exponential backoff with full jitter. Defaults: 3 retries, first after up to 5 s, factor 2, never more than 5 min.
 * @throws RangeError when a number is out of range, or the first delay is longer than the longest
 */
export function exponential({
  retries = 3,
  first = "5s",
  factor = 2,
  max = "5m",
}: { retries?: number; first?: Duration; factor?: number; max?: Duration } = {}): RetryPolicy {
  const [firstMs, maxMs] = [milliseconds(first), milliseconds(max)];
  if (!(factor >= 1 && factor <= 100)) {
    throw new RangeError(`retry policy: expected a backoff factor from 1 to 100, got ${factor}`);
  }
  if (firstMs === 0 || firstMs > maxMs) {
    throw new RangeError(`retry policy: expected a first delay of more than 0 and at most max (${max}), got ${first}`);
  }
  return { kind: "exponential", retries: wholeCount(retries), firstMs, factor, maxMs };
}

/**
 * Milliseconds to wait before the given retry (1 = the first one).
 *
 * Exponential delays take full jitter: a uniform share of `min(max, first × factor^(retry−1))`
 * (M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015), but at least a tenth of it,
 * so that a retry is never immediate.
 * @param random a number in [0, 1)
 */
export function backoff(policy: RetryPolicy, retry: number, random: number): number {
  switch (policy.kind) {
    case "never":
      return 0;
    case "linear":
      return policy.delayMs;
    case "exponential": {
      const ceiling = Math.min(policy.maxMs, policy.firstMs * policy.factor ** (retry - 1));
      return Math.ceil(ceiling * (0.1 + 0.9 * random));
    }
  }
}

function wholeCount(retries: number): number {
  if (!Number.isInteger(retries) || retries < 0 || retries > 100) {
    throw new RangeError(`retry policy: expected a whole number of retries from 0 to 100, got ${retries}`);
  }
  return retries;
}
