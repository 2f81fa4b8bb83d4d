import { z } from "zod";
import { findAnalysis } from "#data/tax-liens/analysis-runs.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { decisionsInput } from "#rules/tax-liens/deal-decisions.ts";
import { applyAnalysisDecisions } from "../../tax-liens/apply-analysis-decisions.ts";
import { enqueueOnce } from "../idempotent-requests.ts";

export const decideOnDeals = defineRoute({
  method: "POST",
  path: "api/analysis/runs/{id}/decisions",
  access: "key",
  idempotent: true,
  summary: "Decide on deals of an analysis, in the given order; GET and the run show the outcome of each",
  params: z.strictObject({ id: z.uuid() }),
  body: z.strictObject({ decisions: decisionsInput }),
  response: z.object({ analysis: z.uuid(), run: z.uuid(), decisions: z.int() }),
  async handle({ app, params: { id }, body: { decisions }, caller, header }) {
    const input = { analysisRunId: id, decisions };
    const { run, isRepeat } = await enqueueOnce(app, { header, payload: { decide: input } }, async (db) => {
      if (!(await findAnalysis(db, id))) throw notFound(`there is no analysis ${id}`);
      return { job: applyAnalysisDecisions, input, trigger: "event", requestedBy: caller };
    });
    return {
      status: isRepeat ? 200 : 202,
      headers: { location: `/api/analysis/runs/${id}/decisions?run=${run.id}` },
      json: { analysis: id, run: run.id, decisions: decisions.length },
    };
  },
});
