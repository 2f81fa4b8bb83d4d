import { z } from "zod";
import { liensForMetrics, storeMetrics, type StoredMetrics } from "../../shared/data/tax-liens/deal-metrics.ts";
import { defineJob, event } from "../../shared/jobs/define-job.ts";
import { civilDateIn } from "../../shared/rules/civil-date.ts";
import { METRICS_VERSION } from "../../shared/rules/tax-liens/metrics.ts";
import { settingsInForce } from "../../shared/settings/changeable.ts";
import { taxLiens } from "../families.ts";
import { figuresOf } from "./figures.ts";

/**
 * Computes what liens cost, yield and risk, for the local day on which that was asked for. A batch reads its liens with one
 * statement and stores their figures with one; a lien that cannot be computed fails alone. Twice is safe: the same day, facts and
 * formulas give the same figures, and a run that comes late does not replace those of a later day.
 */
export const computeDealMetrics = defineJob({
  id: "compute_deal_metrics",
  family: taxLiens,
  summary: "Compute a lien's loan-to-value, yield, risk and score",
  on: event({ batch: 100 }),
  input: z.strictObject({ lienId: z.int().positive() }),
  concurrency: () => null,

  async runBatch({ runs, db, settings, clock, transaction, fail }) {
    const { DEAL_RISK_WEIGHTS: weights } = await settingsInForce(db, settings);
    const days = Map.groupBy(runs, ({ asOf }) => civilDateIn(settings.TAX_LIENS_TIME_ZONE, asOf));
    // The earlier day first: where a lien is asked for twice, the later figures stay.
    for (const [asOf, asked] of [...days].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const found = await liensForMetrics(db, [...new Set(asked.map(({ input }) => input.lienId))], asOf);
      const results = new Map(found.map((lien) => [lien.lienId, figuresOf(lien, { asOf, weights })]));
      const figures = [...results.values()].filter((one): one is StoredMetrics => !(one instanceof Error));
      await transaction((tx) => storeMetrics(tx, figures, { asOf, version: METRICS_VERSION, now: clock.now() }));
      for (const run of asked) {
        const result = results.get(run.input.lienId) ?? new NoSuchLien(run.input.lienId);
        if (result instanceof Error) fail(run, result);
      }
    }
  },
});

class NoSuchLien extends Error {
  override name = "NoSuchLien";
  readonly errorClass = "validation";
  constructor(lienId: number) {
    super(`lienId: there is no lien ${lienId}`);
  }
}
