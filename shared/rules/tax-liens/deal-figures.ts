import type { CivilDate } from "../civil-date.ts";
import { type CountyOverrides, withRules } from "./county-rules.ts";
import type { LienFacts } from "./lien-for-sale.ts";
import { type DealMetrics, dealMetrics, METRICS_VERSION } from "./lien-metrics.ts";
import type { RiskWeights } from "./risk.ts";

/** A lien as stored: its facts, and the rules of its county. */
export type StoredLien = Omit<LienFacts, "rules" | "medianRedemptionDays"> & {
  readonly lienId: number;
  readonly ruleSet: string;
  readonly countyRules: CountyOverrides;
};

export type LienMetrics = DealMetrics & { readonly lienId: number };

/** The metrics of a stored lien; an error, not thrown, where the rules of its county are invalid. */
export function metricsOf(
  lien: StoredLien,
  on: { asOf: CivilDate; weights: RiskWeights },
): LienMetrics | InvalidCountyRules {
  try {
    return { lienId: lien.lienId, ...dealMetrics(withRules(lien), on) };
  } catch (error) {
    if (error instanceof RangeError) return new InvalidCountyRules(lien.lienId, error);
    throw error;
  }
}

/** The part of a lien's metrics that a deal shows, with their day and the version of the formulas. */
export function dealFigures(
  { ltv, implausibleValue, expectedYield, irr, riskScore, marks, explanation }: Omit<DealMetrics, "cost" | "dealScore">,
  asOf: CivilDate,
): Omit<DealMetrics, "cost" | "dealScore"> & { readonly asOf: CivilDate; readonly version: number } {
  return { asOf, version: METRICS_VERSION, ltv, implausibleValue, expectedYield, irr, riskScore, marks, explanation };
}

/** Whether a figure of two computations is the same: `16` is `16.00`. An unknown one equals only an unknown one. */
export function isSameFigure(one: string | number | null | undefined, other: typeof one): boolean {
  return one == null || other == null ? (one ?? other) == null : Number(one) === Number(other);
}

export class InvalidCountyRules extends Error {
  override name = "InvalidCountyRules";
  readonly errorClass = "validation";
  constructor(lienId: number, cause: RangeError) {
    super(`lien ${lienId}: ${cause.message}`, { cause });
  }
}
