import { Decimal } from "decimal.js";

/** What an analysis has found. Money in dollars, as decimals in text. */
export interface AnalysisFindings {
  readonly budget: string;
  /** Available liens by county, of every county that was asked for. */
  readonly available: Readonly<Record<string, number>>;
  /** Liens whose county's rules allow no figures. */
  readonly failed: number;
  readonly candidates: number;
  /** The other liens, by the first constraint that they do not meet. */
  readonly unmet: Readonly<Record<string, number>>;
  /** Of the cheapest candidate; null without candidates. */
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
  /** What a reader must know: why there are no deals, which county has nothing to offer. */
  readonly notes: readonly string[];
}

/** What those who asked for an analysis are told of it. */
export function analysisSummary(found: AnalysisFindings): AnalysisSummary {
  const { available, budget, failed, candidates, unmet } = found;
  const byCounty = new Map(found.deals.map((county) => [county.countyId, county]));
  const deals = found.deals.reduce((sum, county) => sum + county.deals, 0);
  const cost = total(found.deals.map((county) => county.cost));
  const average = (weights: string[], digits: number) =>
    cost.isZero() ? null : total(weights).div(cost).toFixed(digits, Decimal.ROUND_HALF_UP);
  const liens = availableInAll(available);
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
      const { deals: struck = 0, cost: spent = "0.00" } = byCounty.get(countyId) ?? {};
      return { countyId, available: count, deals: struck, cost: spent };
    }),
    notes: [...(deals === 0 ? [whyNoDeals(found, liens)] : []), ...notesOnLiens(found)],
  };
}

/** @param available liens by county */
export function availableInAll(available: Readonly<Record<string, number>>): number {
  return Object.values(available).reduce((sum, count) => sum + count, 0);
}

/** The constraints that keep liens from being candidates, the commonest first: `maxLtv (12), dealScore (3)`. */
export function commonestUnmet(unmet: Readonly<Record<string, number>>): string {
  return Object.entries(unmet)
    .sort(([a, some], [b, others]) => others - some || (a < b ? -1 : 1))
    .map(([constraint, count]) => `${constraint} (${count})`)
    .join(", ");
}

function whyNoDeals({ candidates, unmet, leastCost, budget }: AnalysisFindings, liens: number): string {
  if (liens === 0) return "there are no deals: none of the counties has an available lien";
  if (candidates === 0) {
    const reasons = commonestUnmet(unmet);
    return `there are no deals: no lien meets the constraints${reasons && `; not met: ${reasons}`}`;
  }
  if (leastCost === null) return "there are no deals: the candidates were sold meanwhile";
  return `there are no deals: the cheapest candidate costs ${leastCost}, more than the budget of ${budget} or a county's share of it`;
}

function notesOnLiens({ available, unmet, failed }: AnalysisFindings): string[] {
  const empty = Object.keys(available).filter((countyId) => available[countyId] === 0);
  return [
    ...empty.map((countyId) => `${countyId} has no available liens`),
    ...(unmet.dealScore ? [`${unmet.dealScore} liens have no score, most often for want of a valuation`] : []),
    ...(failed ? [`${failed} liens have no figures: their county's rules make none possible`] : []),
  ];
}

function total(amounts: readonly string[]): Decimal {
  return amounts.reduce((sum, amount) => sum.plus(amount), new Decimal(0));
}
