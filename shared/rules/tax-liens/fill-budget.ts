import { Decimal } from "decimal.js";
import type { Constraints } from "./constraints.ts";

/** A lien that meets the constraints. Decimals as text. */
export interface Candidate {
  readonly lienId: number;
  readonly countyId: string;
  readonly cost: string;
  readonly dealScore: string;
}

/** Best candidate first: the higher score, then the lower id, so that the order is unique. */
export function compareCandidates(a: Candidate, b: Candidate): number {
  return new Decimal(b.dealScore).comparedTo(a.dealScore) || a.lienId - b.lienId;
}

/**
 * Selects candidates from the best down until the budget is spent. A candidate that exceeds the rest of the budget or
 * of its county's share is skipped. Uses constant memory for any number of candidates.
 * @param ranked in the order of `compareCandidates`
 * @param leastCost minimum cost of a candidate, in dollars: the selection ends when less is left. Default 0.01
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
