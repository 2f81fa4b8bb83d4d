import { InvalidInput, z } from "#jobs";
import type { Executor } from "#data/client.ts";
import type { Etf } from "#data/portfolio/etf-schema.ts";
import { findEtf } from "#data/portfolio/etfs.ts";
import { isEtfSymbol } from "#rules/portfolio/etf-symbol.ts";

/** A symbol in a job's input, as the database has it. */
export const etfSymbol = z
  .string()
  .refine(isEtfSymbol, 'expected a symbol in capital letters as Yahoo writes it, such as "VWCE.DE"');

/** @throws InvalidInput when there is none */
export async function knownEtf(db: Executor, symbol: string): Promise<Etf> {
  const etf = await findEtf(db, symbol);
  if (!etf) throw new InvalidInput([{ field: "symbol", reason: `there is no ETF ${symbol}; add it first` }]);
  return etf;
}
