import { z } from "zod";
import { listEtfUpdates } from "#data/portfolio/etf-updates.ts";
import { listUpdates } from "#data/portfolio/exchange-rate-updates.ts";
import { defineRoute } from "#http/route.ts";

const common = {
  id: z.int(),
  runId: z.uuid().nullable(),
  startDate: z.iso.date().nullable(),
  endDate: z.iso.date().nullable(),
  state: z.enum(["pending", "running", "succeeded", "failed", "refused"]),
  source: z.string().nullable(),
  inserted: z.int(),
  skipped: z.int(),
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
    of: z.enum(["exchange_rates", "etf_prices"]).optional(),
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
  }),
  async handle({ app, query: { state, of, limit } }) {
    const [rates, prices] = await Promise.all([
      of === "etf_prices" ? [] : listUpdates(app.db, state, limit),
      of === "exchange_rates" ? [] : listEtfUpdates(app.db, state, limit),
    ]);
    const updates = [
      ...rates.map((update) => ({ of: "exchange_rates" as const, ...update })),
      ...prices.map((update) => ({ of: "etf_prices" as const, ...update })),
    ];
    updates.sort((one, other) => other.requestedAt.getTime() - one.requestedAt.getTime() || other.id - one.id);
    return { json: { updates: updates.slice(0, limit) } };
  },
});
