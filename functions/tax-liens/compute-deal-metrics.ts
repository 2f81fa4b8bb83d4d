import { analysisDays } from "#data/tax-liens/analysis-runs.ts";
import { liensForMetrics, storeMetrics } from "#data/tax-liens/deal-metrics.ts";
import { type NewDealFigures, refreshDeals } from "#data/tax-liens/deals.ts";
import { type BatchedRun, defineJob, effectiveSettings, event, InvalidInput, writes, z } from "#jobs";
import { civilDateIn } from "#rules/civil-date.ts";
import { dealFigures, type LienMetrics, metricsOf } from "#rules/tax-liens/deal-figures.ts";
import { METRICS_VERSION } from "#rules/tax-liens/lien-metrics.ts";
import { taxLiens } from "../families.ts";

/**
 * Computes the cost, yield and risk of liens, for the local day of the request or the day of an analysis; an undecided
 * deal of that analysis shows them, and so does the result of the run. A batch reads its liens with one statement and
 * stores their metrics with one; a lien without valid rules fails alone. Running twice is safe: the same day, facts and
 * formulas give the same metrics, and a late run does not replace the metrics of a later day.
 */
export const computeDealMetrics = defineJob({
  id: "compute_deal_metrics",
  family: taxLiens,
  summary: "Compute a lien's loan-to-value, yield, risk and score",
  on: event({ batch: 100 }),
  input: z.strictObject({
    lienId: z.int().positive(),
    analysisRunId: z.uuid().optional().describe("For the day of this analysis, and into its deal on the lien"),
  }),
  async checkInput({ lienId, analysisRunId }, { db, settings, asOf }) {
    const { DEAL_RISK_WEIGHTS: weights } = await effectiveSettings(db, settings);
    const day =
      analysisRunId === undefined
        ? civilDateIn(settings.TAX_LIENS_TIME_ZONE, asOf)
        : (await analysisDays(db, [analysisRunId])).get(analysisRunId);
    if (day === undefined) throw notFound("analysisRunId", `analysis ${analysisRunId}`);
    const [lien] = await liensForMetrics(db, [lienId], day);
    if (!lien) throw notFound("lienId", `lien ${lienId}`);
    const metrics = metricsOf(lien, { asOf: day, weights });
    if (metrics instanceof Error) throw new InvalidInput([{ field: "lienId", reason: metrics.message }]);
  },
  changeableSettings: ["deal_risk_weights"],
  concurrency: () => null,
  gates: [writes],

  async runBatch({ runs, db, settings, clock, transaction, result, fail }) {
    const { DEAL_RISK_WEIGHTS: weights } = await effectiveSettings(db, settings);
    const today = (asOf: Date) => civilDateIn(settings.TAX_LIENS_TIME_ZONE, asOf);
    const analyses = await analysisDays(db, [...new Set(runs.flatMap(({ input }) => input.analysisRunId ?? []))]);
    const dayOf = ({ input, asOf }: MetricsRequest) =>
      input.analysisRunId === undefined ? today(asOf) : analyses.get(input.analysisRunId);
    for (const run of runs) {
      if (dayOf(run) === undefined) fail(run, notFound("analysisRunId", `analysis ${run.input.analysisRunId}`));
    }
    const days = Map.groupBy(
      runs.filter((run) => dayOf(run) !== undefined),
      (run) => dayOf(run)!,
    );
    // The earlier day first: of two days of one lien, the metrics of the later one stay.
    for (const [asOf, requests] of [...days].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const found = await liensForMetrics(db, [...new Set(requests.map(({ input }) => input.lienId))], asOf);
      const results = new Map(found.map((lien) => [lien.lienId, metricsOf(lien, { asOf, weights })]));
      const metrics = [...results.values()].filter((one): one is LienMetrics => !(one instanceof Error));
      await transaction(async (tx) => {
        await storeMetrics(tx, metrics, { asOf, version: METRICS_VERSION, now: clock.now() });
        await refreshDeals(tx, dealsOf(requests, metrics, asOf));
      });
      for (const run of requests) {
        const found = results.get(run.input.lienId) ?? notFound("lienId", `lien ${run.input.lienId}`);
        if (found instanceof Error) fail(run, found);
        else result(run, { ...found, asOf, version: METRICS_VERSION });
      }
    }
  },
});

type MetricsRequest = Pick<BatchedRun<{ lienId: number; analysisRunId?: string | undefined }>, "input" | "asOf">;

/** The deals that requests with an analysis may have, each once. */
function dealsOf(requests: readonly MetricsRequest[], metrics: readonly LienMetrics[], asOf: string): NewDealFigures[] {
  const ofLien = new Map(metrics.map((one) => [one.lienId, one]));
  const deals = new Map<string, NewDealFigures>();
  for (const { lienId, analysisRunId } of requests.map(({ input }) => input)) {
    const found = ofLien.get(lienId);
    if (analysisRunId === undefined || !found) continue;
    const shown = dealFigures(found, asOf);
    deals.set(`${analysisRunId} ${lienId}`, { analysisRunId, lienId, score: found.dealScore, metrics: shown });
  }
  return [...deals.values()];
}

function notFound(field: string, what: string): InvalidInput {
  return new InvalidInput([{ field, reason: `there is no ${what}` }]);
}
