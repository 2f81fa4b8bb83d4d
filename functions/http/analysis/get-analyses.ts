import { z } from "zod";
import { ANALYSIS_STATES } from "#data/tax-liens/analysis-run-schema.ts";
import { listAnalyses } from "#data/tax-liens/analysis-runs.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { analysisSchema, analysisView } from "./analysis-view.ts";

export const getAnalyses = defineRoute({
  method: "GET",
  path: "api/analysis/runs",
  access: "key",
  summary: "Analyses, newest first",
  query: z.strictObject({
    state: z.enum(ANALYSIS_STATES).optional(),
    before: z.uuid().optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  response: z.object({
    analyses: z.array(analysisSchema),
    next: z.uuid().nullable().describe("The value of `before` for the next page; null on the last"),
  }),
  async handle({ app, query: { state, before, limit } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) => listAnalyses(app.db, { state, before, limit }));
    return { json: { analyses: rows.map(analysisView), next: nextAfter?.id ?? null } };
  },
});
