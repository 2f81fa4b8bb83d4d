import type { CivilDate } from "../civil-date.ts";
import { withRules } from "./county-rules.ts";
import { isSameFigure, metricsOf, type StoredLien } from "./deal-figures.ts";
import { explainMarks } from "./lien-marks.ts";
import { type DealMetrics, METRICS_VERSION } from "./lien-metrics.ts";
import { type Mark, MARKS } from "./marks.ts";
import { deadlineOf, rateOf } from "./redemption.ts";
import type { RiskWeights } from "./risk.ts";

/** Stored metrics, with the version of their formulas. */
type StoredFigures = Omit<DealMetrics, "marks"> & { readonly marks: readonly string[]; readonly version: number };

const FIGURES = ["cost", "ltv", "expectedYield", "irr", "riskScore", "dealScore"] as const;

/** What explains the stored metrics of a lien: their marks in words, and the derived inputs of the day. */
export function metricsReport(lien: StoredLien, stored: StoredFigures, on: { asOf: CivilDate; weights: RiskWeights }) {
  const again = metricsOf(lien, on);
  if (again instanceof Error) return { marks: [], isCurrent: false, inputs: null };
  const facts = withRules(lien);
  const { rate, from } = rateOf(facts);
  const marks = stored.marks.filter((mark): mark is Mark => (MARKS as readonly string[]).includes(mark));
  return {
    marks: explainMarks(facts, on.asOf, marks),
    isCurrent:
      stored.version === METRICS_VERSION &&
      FIGURES.every((figure) => isSameFigure(again[figure], stored[figure])) &&
      again.marks.join() === stored.marks.join(),
    inputs: {
      rate: { rate: rate?.toString() ?? null, from },
      deadline: deadlineOf(facts, on.asOf),
      medianRedemptionDays: facts.medianRedemptionDays,
      maxRate: facts.rules.maxRate,
    },
  };
}
