import { z } from "zod";
import { listPrices } from "#data/portfolio/etf-prices.ts";
import { findEtf } from "#data/portfolio/etfs.ts";
import { listSuspectPoints } from "#data/portfolio/suspect-points.ts";
import { readPage } from "#http/pagination.ts";
import { badRequest } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { addDays } from "#rules/civil-date.ts";
import { civilDateField } from "#rules/input-fields.ts";
import { decimal, symbolText, unknownEtf } from "./etf-view.ts";
import { heldSchema, heldView } from "./suspects/suspect-view.ts";

export const getEtfPrices = defineRoute({
  method: "GET",
  path: "api/v1/etf/{symbol}/prices",
  access: "key",
  summary: "An ETF's daily prices from one date to another, both included, oldest first",
  params: z.strictObject({ symbol: symbolText }),
  query: z.strictObject({
    from: civilDateField.optional(),
    to: civilDateField.optional(),
    limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
  }),
  response: z.object({
    symbol: z.string(),
    currency: z.string().nullable(),
    series: z.enum(["raw", "adjusted"]).nullable(),
    prices: z.array(
      z.object({
        date: z.iso.date(),
        open: decimal.nullable(),
        high: decimal.nullable(),
        low: decimal.nullable(),
        close: decimal,
        adjustedClose: decimal.nullable(),
        volume: decimal.nullable(),
        source: z.string(),
      }),
    ),
    suspects: z
      .array(heldSchema)
      .describe("Days of this range, up to 1,000, whose close is implausible and held back: nothing uses them"),
    next: z.iso.date().nullable().describe("The value of `from` for the next page; null on the last"),
  }),
  async handle({ app, params: { symbol }, query: { from, to, limit } }) {
    if (from !== undefined && to !== undefined && to < from) {
      throw badRequest([{ field: "to", reason: `${to} is before from, ${from}` }]);
    }
    const etf = await findEtf(app.db, symbol);
    if (!etf) throw unknownEtf(symbol);
    const { rows, nextAfter } = await readPage(limit, (limit) => listPrices(app.db, etf.id, { from, to, limit }));
    const held = { kind: "price", state: "held", subject: symbol, from, to, limit: 1_000 } as const;
    const suspects = (await listSuspectPoints(app.db, held)).map(heldView).reverse();
    const prices = rows.map(({ series: _, ...price }) => price);
    const { currency, series } = etf;
    return { json: { symbol, currency, series, prices, suspects, next: nextAfter && addDays(nextAfter.date, 1) } };
  },
});
