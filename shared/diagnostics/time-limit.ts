/**
 * Waits for work, but not longer than `ms`. The work itself continues; what becomes of it later is ignored.
 * @param late makes the error for the end of the time
 */
export async function withinTime<T>(ms: number, work: PromiseLike<T>, late: () => Error): Promise<T> {
  const { promise: limit, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(late());
  }, ms);
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
