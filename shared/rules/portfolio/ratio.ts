/** The larger one divided by the smaller one: at least 1 for positive numbers. */
export function ratio(one: number, other: number): number {
  return one > other ? one / other : other / one;
}
