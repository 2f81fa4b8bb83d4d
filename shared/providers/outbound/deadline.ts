/** Awaits an operation. Rejects with `DeadlineExceeded`, or with the signal's reason when the signal aborts first. */
export type WithinDeadline = <T>(operation: () => Promise<T>) => Promise<T>;

export class DeadlineExceeded extends Error {
  override readonly name = "DeadlineExceeded";
}

/**
 * Allows at most `stallMs` milliseconds for one operation and `totalMs` for all of them together. Only time spent
 * waiting counts: when the reader writes each chunk to a database for a minute, the service is not slow.
 */
export function deadline(totalMs: number, stallMs: number, signal: AbortSignal | undefined): WithinDeadline {
  let leftMs = totalMs;
  return async (operation) => {
    signal?.throwIfAborted();
    const { promise: exceeded, reject } = Promise.withResolvers<never>();
    const limit = Math.min(leftMs, stallMs);
    const sentence =
      leftMs <= stallMs
        ? `did not finish within ${durationText(totalMs)}`
        : `sent nothing for ${durationText(stallMs)}`;
    const timer = setTimeout(
      () => {
        reject(new DeadlineExceeded(sentence));
      },
      Math.max(limit, 0),
    );
    const onAbort = () => {
      reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    const startedAt = performance.now();
    try {
      return await Promise.race([operation(), exceeded]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      leftMs -= performance.now() - startedAt;
    }
  };
}

function durationText(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}
