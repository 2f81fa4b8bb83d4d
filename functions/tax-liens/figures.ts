import type { DealFigures } from "#data/tax-liens/analysis-run-schema.ts";
import type { LienForMetrics, StoredMetrics } from "#data/tax-liens/deal-metrics.ts";
import type { CivilDate } from "#rules/civil-date.ts";
import { withRules } from "#rules/tax-liens/county-rules.ts";
import { dealMetrics, METRICS_VERSION } from "#rules/tax-liens/lien-metrics.ts";
import type { RiskWeights } from "#rules/tax-liens/risk.ts";

/** The figures of a stored lien; an error, not thrown, where its county's rules make none possible. */
export function figuresOf(
  lien: LienForMetrics,
  on: { asOf: CivilDate; weights: RiskWeights },
): StoredMetrics | BadCounty {
  try {
    return { lienId: lien.lienId, ...dealMetrics(withRules(lien), on) };
  } catch (error) {
    if (error instanceof RangeError) return new BadCounty(lien.lienId, error);
    throw error;
  }
}

/** The same as a deal shows them. */
export function dealFigures(
  { ltv, implausibleValue, expectedYield, irr, riskScore, explanation }: StoredMetrics,
  asOf: CivilDate,
): DealFigures {
  return { asOf, version: METRICS_VERSION, ltv, implausibleValue, expectedYield, irr, riskScore, explanation };
}

export class BadCounty extends Error {
  override name = "BadCounty";
  readonly errorClass = "validation";
  constructor(lienId: number, cause: RangeError) {
    super(`lien ${lienId}: ${cause.message}`, { cause });
  }
}
