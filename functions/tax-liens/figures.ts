import type { LienForMetrics, StoredMetrics } from "../../shared/data/tax-liens/deal-metrics.ts";
import type { CivilDate } from "../../shared/rules/civil-date.ts";
import { withRules } from "../../shared/rules/tax-liens/county-rules.ts";
import { dealMetrics } from "../../shared/rules/tax-liens/metrics.ts";
import type { RiskWeights } from "../../shared/rules/tax-liens/risk.ts";

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

export class BadCounty extends Error {
  override name = "BadCounty";
  readonly errorClass = "validation";
  constructor(lienId: number, cause: RangeError) {
    super(`lien ${lienId}: ${cause.message}`, { cause });
  }
}
