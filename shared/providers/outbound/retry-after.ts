/** Longer waits are cut to one hour: one more request is cheaper than a day without data. */
export const LONGEST_RETRY_AFTER_MS = 3_600_000;

/**
 * Milliseconds that a response asks to wait: `retry-after-ms`, else `Retry-After` in seconds or as an HTTP date (RFC
 * 9110, 10.2.3). At most one hour; 0 for a past date; undefined when the header is missing or unreadable.
 */
export function retryAfterMs(headers: Readonly<Record<string, unknown>>, now: Date): number | undefined {
  const asked =
    fromMilliseconds(headers["retry-after-ms"]) ??
    fromSeconds(headers["retry-after"]) ??
    fromDate(headers["retry-after"], now);
  return asked === undefined ? undefined : Math.min(Math.max(Math.round(asked), 0), LONGEST_RETRY_AFTER_MS);
}

function fromMilliseconds(value: unknown): number | undefined {
  return typeof value === "string" && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : undefined;
}

function fromSeconds(value: unknown): number | undefined {
  const seconds = fromMilliseconds(value);
  return seconds === undefined ? undefined : seconds * 1000;
}

function fromDate(value: unknown, now: Date): number | undefined {
  // Only dates that begin with a weekday: Date.parse also accepts "-5", which is not an HTTP date.
  if (typeof value !== "string" || !/^[A-Za-z]{3,9},? /.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at - now.getTime();
}
