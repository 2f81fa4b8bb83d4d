import { z } from "zod";
import { listEtfUpdates } from "#data/portfolio/etf-updates.ts";
import { listUpdates } from "#data/portfolio/exchange-rate-updates.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { compareUpdates, cursorText, startIn, UPDATE_TABLES, updatesCursor } from "./updates-cursor.ts";

const common = {
  id: z.int(),
  runId: z.uuid().nullable(),
  startDate: z.iso.date().nullable(),
  endDate: z.iso.date().nullable(),
  state: z.enum(["pending", "running", "succeeded", "failed", "refused"]),
  source: z.string().nullable(),
  inserted: z.int(),
  skipped: z.int(),
  suspect: z.int().describe("Points that are held back as implausible"),
  error: z.string().nullable(),
  requestedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
};

export const getUpdates = defineRoute({
  method: "GET",
  path: "api/v1/updates",
  access: "key",
  summary: "Synchronisations with their outcomes and errors; newest first",
  query: z.strictObject({
    state: z.enum(["pending", "running", "succeeded", "failed", "refused"]).optional(),
    of: z.enum(UPDATE_TABLES).optional(),
    cursor: updatesCursor.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  response: z.object({
    updates: z.array(
      z.discriminatedUnion("of", [
        z.object({ of: z.literal("exchange_rates"), kind: z.enum(["latest", "historical"]), ...common }),
        z.object({
          of: z.literal("etf_prices"),
          kind: z.enum(["fetch", "sync", "refresh"]),
          symbol: z.string().nullable().describe("Null: all ETFs in use"),
          changed: z.int(),
          ...common,
        }),
      ]),
    ),
    nextCursor: z.string().nullable().describe("The value of `cursor` for the next page; null on the last"),
  }),
  async handle({ app, query: { state, of, cursor, limit } }) {
    const { rows, nextAfter } = await readPage(limit, async (limit) => {
      const [rates, prices] = await Promise.all([
        of === "etf_prices" ? [] : listUpdates(app.db, { state, after: startIn("exchange_rates", cursor), limit }),
        of === "exchange_rates" ? [] : listEtfUpdates(app.db, { state, after: startIn("etf_prices", cursor), limit }),
      ]);
      return [
        ...rates.map((update) => ({ of: "exchange_rates" as const, ...update })),
        ...prices.map((update) => ({ of: "etf_prices" as const, ...update })),
      ].sort(compareUpdates);
    });
    return { json: { updates: rows, nextCursor: nextAfter && cursorText(nextAfter) } };
  },
});
