import { Decimal } from "decimal.js";
import type { Constraints } from "./constraints.ts";

/** A lien that meets the constraints. Decimals as text. */
export interface Candidate {
  readonly lienId: number;
  readonly countyId: string;
  readonly cost: string;
  readonly dealScore: string;
}

/** Better first: the higher score, and of equals the lower id, so that there is one order. */
export function compareCandidates(a: Candidate, b: Candidate): number {
  return new Decimal(b.dealScore).comparedTo(a.dealScore) || a.lienId - b.lienId;
}

/**
 * Fills the budget from the best down: a candidate that no longer fits what is left of the budget, or of its county's share, is
 * passed by for a cheaper one further down. However many candidates come, none is kept.
 * @param ranked in the order of `compareCandidates`
 * @param leastCost that any of them has: once less is left, no more are looked at
 * @returns the deals, in that order
 */
export async function* fillBudget<C extends Candidate>(
  ranked: Iterable<C> | AsyncIterable<C>,
  { budget, maxDeals = Infinity, maxCountyShare = 1 }: Pick<Constraints, "budget" | "maxDeals" | "maxCountyShare">,
  leastCost: Decimal.Value = "0.01",
): AsyncGenerator<C, void> {
  const perCounty = new Decimal(budget).times(maxCountyShare);
  const spent = new Map<string, Decimal>();
  let left = new Decimal(budget);
  let deals = 0;
  for await (const candidate of ranked) {
    const inCounty = (spent.get(candidate.countyId) ?? new Decimal(0)).plus(candidate.cost);
    if (left.lt(candidate.cost) || inCounty.gt(perCounty)) continue;
    yield candidate;
    left = left.minus(candidate.cost);
    spent.set(candidate.countyId, inCounty);
    deals += 1;
    if (deals >= maxDeals || left.lt(leastCost)) return;
  }
}
