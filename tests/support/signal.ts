/** A signal: `reached` resolves when the test calls `reach`. */
export function createSignal<T = void>(): { reached: Promise<T>; reach: (value: T) => void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { reached: promise, reach: resolve };
}
