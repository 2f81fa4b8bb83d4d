import { z } from "zod";
import { listPensions } from "#data/portfolio/pensions.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { pensionSummarySchema } from "./pension-schemas.ts";

export const getPensions = defineRoute({
  method: "GET",
  path: "api/v1/etf-pensions",
  access: "key",
  summary: "Pensions with their last value, newest first",
  query: z.strictObject({ cursor: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(500).default(50) }),
  response: z.object({ pensions: z.array(pensionSummarySchema), nextCursor: z.uuid().nullable() }),
  async handle({ app, query: { cursor, limit } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) => listPensions(app.db, { before: cursor, limit }));
    return { json: { pensions: rows, nextCursor: nextAfter?.id ?? null } };
  },
});
