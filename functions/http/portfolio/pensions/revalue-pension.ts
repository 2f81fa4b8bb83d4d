import { z } from "zod";
import { lockPension, revalueAllDays } from "#data/portfolio/pension-progress.ts";
import { reopenPurchases } from "#data/portfolio/pensions.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { civilDateField } from "#rules/input-fields.ts";
import { respondOnce } from "../../idempotent-requests.ts";
import { enqueueValuation } from "./enqueue-valuation.ts";
import { changedPensionSchema } from "./pension-schemas.ts";
import { reopenFinalDays } from "./reopen-final-days.ts";

/**
 * The only change of final values without a contribution: after corrected prices or rates, or after a split of the ETF.
 * Days from the date on are valued again, and contributions that bought since then buy again, at the stored prices and
 * rates.
 */
export const revaluePension = defineRoute({
  method: "POST",
  path: "api/v1/etf-pensions/{id}/revaluation",
  access: "key",
  idempotent: true,
  summary: "Value the days of a pension again from a date on, with the stored prices and rates; audited",
  params: z.object({ id: z.uuid() }),
  body: z.strictObject({ from: civilDateField, reason: z.string().trim().min(1).max(1_000) }),
  response: changedPensionSchema.extend({ reopenedDays: z.int() }),
  async handle({ app, params: { id }, body: { from, reason }, caller, header }) {
    const { response, started } = await respondOnce(
      app,
      { header, payload: { revalue: id, from, reason } },
      async (tx) => {
        if (!(await lockPension(tx, id))) throw notFound(`there is no pension ${id}`);
        const reopenedDays = await reopenFinalDays(tx, {
          pensionId: id,
          from,
          reason,
          who: caller,
          at: app.clock.now(),
        });
        await reopenPurchases(tx, id, from);
        await revalueAllDays(tx, id);
        const run = await enqueueValuation(app, tx, id, caller);
        return { run, response: { pension: id, run: run.id, reopenedDays } };
      },
    );
    if (started?.run.state === "queued") await app.enqueuer.dispatch([started.run]);
    return { status: started ? 202 : 200, headers: { location: `/api/v1/etf-pensions/${id}` }, json: response };
  },
});
