import { z } from "zod";
import { lockPension, revalueAllDays } from "#data/portfolio/pension-progress.ts";
import { reopenPurchases } from "#data/portfolio/pensions.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { respondOnce } from "../../idempotent-requests.ts";
import { enqueueValuation } from "./enqueue-valuation.ts";
import { reopen } from "./reopen-final-days.ts";
import { changed, civilDate } from "./pension-schemas.ts";

/**
 * The one way in which what is final changes without new money: prices or rates were corrected, or an ETF was split and its
 * history fetched anew. Days from the date on are valued again and contributions that bought since then buy again, by what is
 * stored now.
 */
export const revaluePension = defineRoute({
  method: "POST",
  path: "api/v1/etf-pensions/{id}/revaluation",
  access: "key",
  idempotent: true,
  summary: "Work the days of a pension out again from a date on, by the prices and rates that are stored now; audited",
  params: z.object({ id: z.uuid() }),
  body: z.strictObject({ from: civilDate, reason: z.string().trim().min(1).max(1_000) }),
  response: changed.extend({ reopenedDays: z.int() }),
  async handle({ app, params: { id }, body: { from, reason }, caller, header }) {
    const { answer, started } = await respondOnce(app, { header, asked: { revalue: id, from, reason } }, async (tx) => {
      if (!(await lockPension(tx, id))) throw notFound(`there is no pension ${id}`);
      const reopenedDays = await reopen(tx, { pensionId: id, from, reason, who: caller, at: app.clock.now() });
      await reopenPurchases(tx, id, from);
      await revalueAllDays(tx, id);
      const run = await enqueueValuation(app, tx, id, caller);
      return { run, answer: { pension: id, run: run.id, reopenedDays } };
    });
    if (started?.run.state === "queued") await app.enqueuer.dispatch([started.run]);
    return { status: started ? 202 : 200, headers: { location: `/api/v1/etf-pensions/${id}` }, json: answer };
  },
});
