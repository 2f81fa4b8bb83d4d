import { Decimal } from "decimal.js";
import { counted } from "#text/counted.ts";
import type { Skipped } from "./fill-budget.ts";

/** The findings of an analysis. Money in dollars, as decimal texts. */
export interface AnalysisFindings {
  readonly budget: string;
  /** Available liens by county, for every requested county. */
  readonly available: Readonly<Record<string, number>>;
  /** Liens without figures, because of the rules of their county. */
  readonly failed: number;
  readonly candidates: number;
  /** The other liens, by the first reason: see `unmetConstraint`. */
  readonly unmet: Readonly<Record<string, number>>;
  /** The candidates that are still available. `leastCost`: of the cheapest one; null without any. */
  readonly open: { readonly count: number; readonly leastCost: string | null };
  readonly skipped: Skipped;
  readonly deals: readonly CountyDeals[];
}

/** The deals of one county. */
export interface CountyDeals {
  readonly countyId: string;
  readonly deals: number;
  readonly cost: string;
  /** Σ cost × expected yield, and Σ cost, of the deals with a yield. */
  readonly yieldWeight: string;
  readonly yieldCost: string;
  /** Σ cost × risk score. */
  readonly riskWeight: string;
  /** Deals whose rate is assumed because their list states none. */
  readonly assumedRates: number;
}

export interface AnalysisSummary {
  /** Available liens. */
  readonly liens: number;
  readonly failed: number;
  readonly candidates: number;
  readonly unmet: Readonly<Record<string, number>>;
  /**
   * The liens that are no deals, by reason: those of `unmet`, `countyRules` for `failed`, and of the candidates
   * `budget`, `maxCountyShare`, `maxDeals` and `soldMeanwhile`.
   */
  readonly leftOut: Readonly<Record<string, number>>;
  readonly deals: number;
  readonly cost: string;
  readonly budget: string;
  /** Percent a year, each deal with a yield weighted by its cost; null without one. */
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
  const yieldCost = total(found.deals.map((county) => county.yieldCost));
  const liens = totalAvailable(available);
  return {
    liens,
    failed,
    candidates,
    unmet,
    leftOut: leftOutOf(found, deals),
    deals,
    cost: cost.toFixed(2),
    budget,
    averageYield: average(total(found.deals.map(({ yieldWeight }) => yieldWeight)), yieldCost, 4),
    averageRisk: average(total(found.deals.map(({ riskWeight }) => riskWeight)), cost, 2),
    counties: Object.entries(available).map(([countyId, count]) => {
      const { deals: countyDeals = 0, cost: countyCost = "0.00" } = byCounty.get(countyId) ?? {};
      return { countyId, available: count, deals: countyDeals, cost: countyCost };
    }),
    notes: [...(deals === 0 ? [whyNoDeals(found, liens)] : []), ...notesOnLiens(found)],
  };
}

function leftOutOf({ failed, candidates, unmet, open, skipped }: AnalysisFindings, deals: number) {
  const { endedBy, ...read } = skipped;
  const unread = open.count - deals - read.budget - read.maxCountyShare;
  const all: Record<string, number> = {
    ...unmet,
    countyRules: failed,
    ...read,
    soldMeanwhile: candidates - open.count,
  };
  if (endedBy !== null) all[endedBy] = (all[endedBy] ?? 0) + unread;
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
}

function average(weights: Decimal, cost: Decimal, digits: number): string | null {
  return cost.isZero() ? null : weights.div(cost).toFixed(digits, Decimal.ROUND_HALF_UP);
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

function whyNoDeals({ candidates, unmet, open: { leastCost }, budget }: AnalysisFindings, liens: number): string {
  if (liens === 0) return "there are no deals: none of the counties has an available lien";
  if (candidates === 0) {
    const reasons = mostFrequentUnmet(unmet);
    return `there are no deals: no lien meets the constraints${reasons && `; not met: ${reasons}`}`;
  }
  if (leastCost === null) return "there are no deals: the candidates were sold meanwhile";
  return `there are no deals: the cheapest candidate costs ${leastCost}, more than the budget of ${budget} or a county's share of it`;
}

function notesOnLiens({ available, unmet, failed, deals }: AnalysisFindings): string[] {
  const empty = Object.keys(available).filter((countyId) => available[countyId] === 0);
  const assumed = deals.reduce((sum, { assumedRates }) => sum + assumedRates, 0);
  const note = (count: number | undefined, one: string, many: string, what: string) =>
    count ? [`${counted(count, one, many)} ${what}`] : [];
  return [
    ...empty.map((countyId) => `${countyId} has no available liens`),
    ...note(unmet.lapsed, "lien is", "liens are", "past the redemption deadline; includeLapsed admits them"),
    ...note(unmet.no_valuation, "lien has", "liens have", "no score, because the property has no valuation"),
    ...note(unmet.no_rate, "lien has", "liens have", "no score, because neither list nor rules state a rate"),
    ...note(failed, "lien has", "liens have", "no figures, because of the rules of the county"),
    ...note(assumed, "deal is", "deals are", "ranked by an assumed rate, because the list states none"),
  ];
}

function total(amounts: readonly string[]): Decimal {
  return amounts.reduce((sum, amount) => sum.plus(amount), new Decimal(0));
}
