import { z } from "zod";
import { listPrices } from "#data/portfolio/etf-prices.ts";
import { findEtf } from "#data/portfolio/etfs.ts";
import { readPage } from "#http/pagination.ts";
import { badRequest } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { addDays } from "#rules/civil-date.ts";
import { civilDateField } from "#rules/input-fields.ts";
import { decimal, symbolText, unknownEtf } from "./etf-view.ts";

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
    next: z.iso.date().nullable().describe("The value of `from` for the next page; null on the last"),
  }),
  async handle({ app, params: { symbol }, query: { from, to, limit } }) {
    if (from !== undefined && to !== undefined && to < from) {
      throw badRequest([{ field: "to", reason: `${to} is before from, ${from}` }]);
    }
    const etf = await findEtf(app.db, symbol);
    if (!etf) throw unknownEtf(symbol);
    const { rows, nextAfter } = await readPage(limit, (limit) => listPrices(app.db, etf.id, { from, to, limit }));
    const prices = rows.map(({ series: _, ...price }) => price);
    const { currency, series } = etf;
    return { json: { symbol, currency, series, prices, next: nextAfter && addDays(nextAfter.date, 1) } };
  },
});
