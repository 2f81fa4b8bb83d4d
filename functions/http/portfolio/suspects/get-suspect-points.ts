import { z } from "zod";
import { listSuspectPoints } from "#data/portfolio/suspect-points.ts";
import { SUSPECT_KINDS } from "#data/portfolio/suspect-schema.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { suspectSchema, suspectView } from "./suspect-view.ts";

export const getSuspectPoints = defineRoute({
  method: "GET",
  path: "api/v1/suspect-points",
  access: "key",
  summary: "Implausible prices, rates and contributions, held back or decided; newest first",
  query: z.strictObject({
    state: z.enum(["held", "accepted", "rejected"]).optional(),
    kind: z.enum(SUSPECT_KINDS).optional(),
    subject: z.string().min(1).max(64).optional().describe("A symbol, a currency or the id of a pension"),
    cursor: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  response: z.object({
    points: z.array(suspectSchema),
    nextCursor: z.int().nullable().describe("The value of `cursor` for the next page; null on the last"),
  }),
  async handle({ app, query: { cursor: before, limit, ...filter } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) =>
      listSuspectPoints(app.db, { ...filter, before, limit }),
    );
    return { json: { points: rows.map(suspectView), nextCursor: nextAfter?.id ?? null } };
  },
});
