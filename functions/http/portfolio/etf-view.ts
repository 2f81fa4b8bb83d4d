import { z } from "zod";
import { notFound, type Problem } from "#http/problem.ts";
import { isEtfSymbol } from "#rules/portfolio/etf-symbol.ts";

/** A symbol as people write it: made to capital letters. */
export const symbolText = z
  .string()
  .trim()
  .toUpperCase()
  .refine(isEtfSymbol, 'expected a symbol as Yahoo writes it: letters, digits and ".=^-", such as "VWCE.DE"');

export function unknownEtf(symbol: string): Problem {
  return notFound(`there is no ETF ${symbol}; add it with POST /api/v1/etf`);
}

/** An exact decimal, as text so that nobody reads it as a binary fraction. */
export const decimal = z.string();

export const etfView = z.object({
  symbol: z.string(),
  isin: z.string().nullable(),
  name: z.string().nullable(),
  exchange: z.string().nullable(),
  currency: z.string().nullable(),
  series: z.enum(["raw", "adjusted"]).nullable(),
  state: z.enum(["new", "ready", "failed"]),
  inUse: z.boolean(),
  addedAt: z.iso.datetime(),
  syncedAt: z.iso.datetime().nullable(),
  newestPrice: z.iso.date().nullable(),
});
