import type { Executor } from "#data/client.ts";
import type { Etf } from "#data/portfolio/etf-schema.ts";
import { findEtf } from "#data/portfolio/etfs.ts";
import { InvalidInput } from "#jobs/endings.ts";
import { noSuchEtf } from "#rules/portfolio/etf-symbol.ts";

/** @throws InvalidInput when the ETF does not exist */
export async function existingEtf(db: Executor, symbol: string): Promise<Etf> {
  const etf = await findEtf(db, symbol);
  if (!etf) throw new InvalidInput([{ field: "symbol", reason: noSuchEtf(symbol) }]);
  return etf;
}
