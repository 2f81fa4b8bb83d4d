import { Decimal } from "decimal.js";

/** The findings of an analysis. Money in dollars, as decimal texts. */
export interface AnalysisFindings {
  readonly budget: string;
  /** Available liens by county, for every requested county. */
  readonly available: Readonly<Record<string, number>>;
  /** Liens without figures, because of the rules of their county. */
  readonly failed: number;
  readonly candidates: number;
  /** The other liens, by the first constraint that they fail. */
  readonly unmet: Readonly<Record<string, number>>;
  /** Cost of the cheapest candidate; null without candidates. */
  readonly leastCost: string | null;
  readonly deals: readonly CountyDeals[];
}

/** The deals of one county. */
export interface CountyDeals {
  readonly countyId: string;
  readonly deals: number;
  readonly cost: string;
  /** Σ cost × expected yield. */
  readonly yieldWeight: string;
  /** Σ cost × risk score. */
  readonly riskWeight: string;
}

export interface AnalysisSummary {
  /** Available liens. */
  readonly liens: number;
  readonly failed: number;
  readonly candidates: number;
  readonly unmet: Readonly<Record<string, number>>;
  readonly deals: number;
  readonly cost: string;
  readonly budget: string;
  /** Percent a year, each deal weighted by its cost; null without deals. */
  readonly averageYield: string | null;
  /** 0 to 100, weighted likewise. */
  readonly averageRisk: string | null;
  readonly counties: readonly { countyId: string; available: number; deals: number; cost: string }[];
  /** Remarks for readers: why there are no deals, which county has no available liens. */
  readonly notes: readonly string[];
}

/** The summary of an analysis for its recipients. */
export function analysisSummary(found: AnalysisFindings): AnalysisSummary {
  const { available, budget, failed, candidates, unmet } = found;
  const byCounty = new Map(found.deals.map((county) => [county.countyId, county]));
  const deals = found.deals.reduce((sum, county) => sum + county.deals, 0);
  const cost = total(found.deals.map((county) => county.cost));
  const average = (weights: string[], digits: number) =>
    cost.isZero() ? null : total(weights).div(cost).toFixed(digits, Decimal.ROUND_HALF_UP);
  const liens = totalAvailable(available);
  return {
    liens,
    failed,
    candidates,
    unmet,
    deals,
    cost: cost.toFixed(2),
    budget,
    averageYield: average(
      found.deals.map(({ yieldWeight }) => yieldWeight),
      4,
    ),
    averageRisk: average(
      found.deals.map(({ riskWeight }) => riskWeight),
      2,
    ),
    counties: Object.entries(available).map(([countyId, count]) => {
      const { deals: countyDeals = 0, cost: countyCost = "0.00" } = byCounty.get(countyId) ?? {};
      return { countyId, available: count, deals: countyDeals, cost: countyCost };
    }),
    notes: [...(deals === 0 ? [whyNoDeals(found, liens)] : []), ...notesOnLiens(found)],
  };
}

/** The number of available liens of all counties. @param available liens by county */
export function totalAvailable(available: Readonly<Record<string, number>>): number {
  return Object.values(available).reduce((sum, count) => sum + count, 0);
}

/** The failed constraints, the most frequent first: `maxLtv (12), dealScore (3)`. */
export function mostFrequentUnmet(unmet: Readonly<Record<string, number>>): string {
  return Object.entries(unmet)
    .sort(([a, some], [b, others]) => others - some || (a < b ? -1 : 1))
    .map(([constraint, count]) => `${constraint} (${count})`)
    .join(", ");
}

function whyNoDeals({ candidates, unmet, leastCost, budget }: AnalysisFindings, liens: number): string {
  if (liens === 0) return "there are no deals: none of the counties has an available lien";
  if (candidates === 0) {
    const reasons = mostFrequentUnmet(unmet);
    return `there are no deals: no lien meets the constraints${reasons && `; not met: ${reasons}`}`;
  }
  if (leastCost === null) return "there are no deals: the candidates were sold meanwhile";
  return `there are no deals: the cheapest candidate costs ${leastCost}, more than the budget of ${budget} or a county's share of it`;
}

function notesOnLiens({ available, unmet, failed }: AnalysisFindings): string[] {
  const empty = Object.keys(available).filter((countyId) => available[countyId] === 0);
  return [
    ...empty.map((countyId) => `${countyId} has no available liens`),
    ...(unmet.dealScore ? [`${unmet.dealScore} liens have no score, most often because they have no valuation`] : []),
    ...(failed ? [`${failed} liens have no figures, because of the rules of their county`] : []),
  ];
}

function total(amounts: readonly string[]): Decimal {
  return amounts.reduce((sum, amount) => sum.plus(amount), new Decimal(0));
}
