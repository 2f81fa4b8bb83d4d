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

/** Candidates that were read and left out, by the limit that they exceed, and the limit that ended the selection. */
export interface Skipped {
  readonly budget: number;
  readonly maxCountyShare: number;
  /** Null: every candidate was read. */
  readonly endedBy: "budget" | "maxDeals" | null;
}

/**
 * Selects candidates from the best down until the budget is spent. A candidate that exceeds the rest of the budget or
 * of its county's share is skipped. Uses constant memory for any number of candidates.
 * @param ranked in the order of `compareCandidates`
 * @param leastCost minimum cost of a candidate, in dollars: the selection ends when less is left. Default 0.01
 * @returns the deals, in that order, then the candidates left out
 */
export async function* fillBudget<C extends Candidate>(
  ranked: Iterable<C> | AsyncIterable<C>,
  { budget, maxDeals = Infinity, maxCountyShare = 1 }: Pick<Constraints, "budget" | "maxDeals" | "maxCountyShare">,
  leastCost: Decimal.Value = "0.01",
): AsyncGenerator<C, Skipped> {
  const perCounty = new Decimal(budget).times(maxCountyShare);
  const spent = new Map<string, Decimal>();
  let left = new Decimal(budget);
  let deals = 0;
  const skipped = { budget: 0, maxCountyShare: 0 };
  for await (const candidate of ranked) {
    const inCounty = (spent.get(candidate.countyId) ?? new Decimal(0)).plus(candidate.cost);
    const limit = left.lt(candidate.cost) ? "budget" : inCounty.gt(perCounty) ? "maxCountyShare" : null;
    if (limit !== null) {
      skipped[limit] += 1;
      continue;
    }
    yield candidate;
    left = left.minus(candidate.cost);
    spent.set(candidate.countyId, inCounty);
    deals += 1;
    if (deals >= maxDeals) return { ...skipped, endedBy: "maxDeals" };
    if (left.lt(leastCost)) return { ...skipped, endedBy: "budget" };
  }
  return { ...skipped, endedBy: null };
}
