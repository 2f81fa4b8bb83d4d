import { z } from "zod";
import { listCounties } from "#data/tax-liens/counties.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";
import { countySchema, countyView } from "./county-view.ts";

export const getCounties = defineRoute({
  method: "GET",
  path: "api/counties",
  access: "viewer",
  summary: "All counties by id, with their configuration and their last ingestion",
  query: z.strictObject({
    after: countyIdText.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(100),
  }),
  response: z.object({
    counties: z.array(countySchema),
    next: z.string().nullable().describe("The value of `after` for the next page; null on the last"),
  }),
  async handle({ app, query: { after, limit } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) => listCounties(app.db, { after, limit }));
    return { json: { counties: rows.map(countyView), next: nextAfter?.id ?? null } };
  },
});
