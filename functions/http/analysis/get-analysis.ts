import { z } from "zod";
import { findAnalysis } from "#data/tax-liens/analysis-runs.ts";
import { listDeals } from "#data/tax-liens/deals.ts";
import { readPage } from "#http/pagination.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { analysisSchema, analysisView, dealSchema, dealView } from "./analysis-view.ts";

export const getAnalysis = defineRoute({
  method: "GET",
  path: "api/analysis/runs/{id}",
  access: "key",
  summary: "An analysis: its progress, its summary, and its deals, best first",
  params: z.strictObject({ id: z.uuid() }),
  query: z.strictObject({
    after: z.coerce.number().int().min(0).max(2_147_483_647).default(0).describe("Shows deals after this rank"),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  }),
  response: analysisSchema.extend({
    deals: z.array(dealSchema),
    next: z.number().nullable().describe("The value of `after` for the next page of deals; null on the last"),
  }),
  async handle({ app, params: { id }, query: { after, limit } }) {
    const analysis = await findAnalysis(app.db, id);
    if (!analysis) throw notFound(`there is no analysis ${id}`);
    const { rows, nextAfter } = await readPage(limit, (limit) => listDeals(app.db, id, { after, limit }));
    return { json: { ...analysisView(analysis), deals: rows.map(dealView), next: nextAfter?.deal.rank ?? null } };
  },
});
