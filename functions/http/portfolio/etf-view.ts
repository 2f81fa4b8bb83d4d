import { z } from "zod";
import { notFound, type Problem } from "#http/problem.ts";
import { isEtfSymbol, noSuchEtf } from "#rules/portfolio/etf-symbol.ts";

/** A symbol in any case; capital letters are stored. */
export const symbolText = z
  .string()
  .trim()
  .toUpperCase()
  .refine(isEtfSymbol, 'expected a symbol as Yahoo writes it: letters, digits and ".=^-", such as "VWCE.DE"');

export function unknownEtf(symbol: string): Problem {
  return notFound(noSuchEtf(symbol));
}

/** An exact decimal as text: a JSON number would become a binary fraction. */
export const decimal = z.string();

/** An ETF as the API shows it. */
export const etfSchema = z.object({
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
