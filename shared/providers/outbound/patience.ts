/** Waits for the other side. Rejects with `OutOfPatience`, or with the signal's reason when that aborts first. */
export type Wait = <T>(what: () => Promise<T>) => Promise<T>;

export class OutOfPatience extends Error {
  override readonly name = "OutOfPatience";
}

/**
 * At most `stallMs` for one sign of life and `totalMs` for all of them. Only time spent waiting counts: a reader that
 * writes each chunk to a database for a minute is slow itself, the service is not.
 */
export function patience(totalMs: number, stallMs: number, signal: AbortSignal | undefined): Wait {
  let leftMs = totalMs;
  return async (what) => {
    signal?.throwIfAborted();
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const limit = Math.min(leftMs, stallMs);
    const sentence =
      leftMs <= stallMs ? `did not finish within ${spelled(totalMs)}` : `sent nothing for ${spelled(stallMs)}`;
    const timer = setTimeout(
      () => {
        reject(new OutOfPatience(sentence));
      },
      Math.max(limit, 0),
    );
    const onAbort = () => {
      reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    const startedAt = performance.now();
    try {
      return await Promise.race([what(), givenUp]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      leftMs -= performance.now() - startedAt;
    }
  };
}

function spelled(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}
