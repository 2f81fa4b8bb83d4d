/** A moment that one side waits for and the other brings about. */
export function moment<T = void>(): { reached: Promise<T>; reach: (value: T) => void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { reached: promise, reach: resolve };
}
