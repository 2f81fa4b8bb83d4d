import type { Tx } from "#data/client.ts";
import { correctPrices } from "#data/portfolio/etf-prices.ts";
import { lockEtfs } from "#data/portfolio/etfs.ts";
import { insertRates } from "#data/portfolio/exchange-rates.ts";
import { deleteContribution, releaseContribution } from "#data/portfolio/pensions.ts";
import { columnsOf } from "#data/portfolio/price-columns.ts";
import { reopenValuesOfPrices } from "#data/portfolio/stale-values.ts";
import type { SuspectPoint } from "#data/portfolio/suspect-schema.ts";

/**
 * Stores a released point. A rejected contribution is deleted; a rejected price or rate was stored nowhere else.
 * @returns why the point cannot be released; undefined when it is done
 */
export async function applyDecision(
  tx: Tx,
  held: SuspectPoint,
  { state, reason, at }: { state: "accepted" | "rejected"; reason: string; at: Date },
): Promise<string | undefined> {
  const { kind, date, value, source, contributionId } = held;
  if (kind === "contribution") {
    if (contributionId === null) return undefined;
    await (state === "accepted" ? releaseContribution : deleteContribution)(tx, contributionId);
    return undefined;
  }
  if (state === "rejected") return undefined;
  if (!(Number(value) > 0)) return `a ${kind} of ${value} cannot be used: reject it`;
  if (kind === "rate") {
    await insertRates(tx, [{ date, rates: [{ quote: held.subject, rate: value }] }], source);
    return undefined;
  }
  const [etfId, series, point] = [held.etfId!, held.series!, held.point!];
  const etf = (await lockEtfs(tx, [etfId])).get(etfId)!;
  if (etf.series !== series)
    return `it is of a series that is ${series}, and the stored prices are ${etf.series}: reject it`;
  const { changed } = await correctPrices(tx, { etfId, source, series, columns: columnsOf([point]) });
  if (changed > 0) await reopenValuesOfPrices(tx, { etfId, dates: [date], reason, at });
  return undefined;
}
