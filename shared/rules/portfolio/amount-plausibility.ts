import type { GivenContribution } from "./contribution-faults.ts";
import { ratio } from "./ratio.ts";

/** Contributions that are compared, and the fewest that show what is usual. */
const [RECENT, FEWEST] = [12, 3];
/** Lump sums of twenty or fifty times the usual amount occur. A thousand times is no payment of the same person. */
const LARGEST_RATIO = 1_000;
/** An amount in cents that is read as euros is 100 times the usual one, to the last digit. */
const UNIT_FACTORS = [100, 1_000] as const;
const SAME = 1.005;

/**
 * Why an amount is implausible, as a sentence; undefined when it is plausible. It is compared with the median of the
 * last twelve contributions in its currency: exactly 100 or 1,000 times it (cents read as whole units), or beyond 1,000
 * times. With fewer than three earlier contributions every amount is plausible.
 * @param earlier the contributions before it, oldest first
 */
export function implausibleAmount(
  { amount, currency }: Pick<GivenContribution, "amount" | "currency">,
  earlier: readonly Pick<GivenContribution, "amount" | "currency">[],
):
  | { readonly rule: "cents-and-units" | "far-from-usual"; readonly reason: string; readonly expected: string }
  | undefined {
  const usual = earlier
    .filter((one) => one.currency === currency)
    .slice(-RECENT)
    .toSorted((a, b) => Number(a.amount) - Number(b.amount));
  if (usual.length < FEWEST) return undefined;
  const expected = usual[usual.length >> 1]!.amount;
  const quotient = Number(amount) / Number(expected);
  const size = ratio(Number(amount), Number(expected));
  const distance = `${amount} ${currency} is ${Number(size.toPrecision(3))} times ${quotient < 1 ? "below" : "above"} the usual ${expected}`;
  if (UNIT_FACTORS.some((factor) => ratio(size, factor) <= SAME)) {
    return { rule: "cents-and-units", reason: `${distance}: cents and whole units are mixed`, expected };
  }
  return size > LARGEST_RATIO ? { rule: "far-from-usual", reason: distance, expected } : undefined;
}
