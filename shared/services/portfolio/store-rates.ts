import type { Tx } from "#data/client.ts";
import { addPoints } from "#data/portfolio/exchange-rate-updates.ts";
import { type InsertedPoints, insertRates } from "#data/portfolio/exchange-rates.ts";
import type { RatesOfDay } from "#providers/fx-provider.ts";

/** Stores whole days of one source and counts them in the run's tracking row, in one transaction. */
export async function storeRates(tx: Tx, runId: string, days: readonly RatesOfDay[]): Promise<InsertedPoints> {
  const [first] = days;
  if (!first) return { inserted: 0, skipped: 0 };
  const points = await insertRates(tx, days, first.source);
  await addPoints(tx, runId, first.source, points);
  return points;
}
