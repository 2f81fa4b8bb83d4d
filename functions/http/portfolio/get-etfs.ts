import { z } from "zod";
import { listEtfs } from "#data/portfolio/etfs.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { etfSchema, symbolText } from "./etf-view.ts";

export const getEtfs = defineRoute({
  method: "GET",
  path: "api/v1/etf",
  access: "key",
  summary: "All ETFs by symbol, with their state and the day of their newest price",
  query: z.strictObject({
    after: symbolText.optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(500),
  }),
  response: z.object({
    etfs: z.array(etfSchema),
    next: z.string().nullable().describe("The value of `after` for the next page; null on the last"),
  }),
  async handle({ app, query: { after, limit } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) => listEtfs(app.db, { after, limit }));
    return { json: { etfs: rows.map(({ id: _, ...etf }) => etf), next: nextAfter?.symbol ?? null } };
  },
});
