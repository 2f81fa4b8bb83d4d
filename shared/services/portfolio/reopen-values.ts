import type { Tx } from "#data/client.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import { listSplits } from "#data/portfolio/etf-splits.ts";
import { closesIn, type PriceColumns } from "#data/portfolio/price-columns.ts";
import { type Reopened, reopenValuesOfPrices, reopenValuesSinceSplit } from "#data/portfolio/stale-values.ts";
import { seriesChanges } from "#rules/portfolio/series-changes.ts";
import { BY_LATER_ANSWER, type StoredClose } from "./judge-prices.ts";

/** Reopens what used prices that are held back now. @returns the days */
export async function reopenWithdrawn(
  tx: Tx,
  etfId: number,
  withdrawn: readonly { readonly date: string; readonly reason: string }[],
  at: Date,
): Promise<number> {
  let days = 0;
  for (const { date, reason } of withdrawn) {
    const reopened = await reopenValuesOfPrices(tx, { etfId, dates: [date], reason: `${date}: ${reason}`, at });
    days += await audited(tx, reopened, { subject: `etf:${etfId}`, reason: `${date}: ${reason}`, at });
  }
  return days;
}

/**
 * Reopens what a fetched series shows to be wrong: final values of closes that the source corrected by more than a
 * rounding, and those of days whose close had the scale after a split while the units had the one before it.
 * @returns the days
 */
export async function reopenChanged(
  tx: Tx,
  { etfId, source, columns }: { readonly etfId: number; readonly source: string; readonly columns: PriceColumns },
  { symbol, stored, asOf: at }: { symbol: string; stored: readonly StoredClose[]; asOf: Date },
): Promise<number> {
  const { corrected, newScaleSince, scale } = seriesChanges(stored, closesIn(columns));
  const subject = `etf:${symbol}`;
  if (corrected.length > 0) {
    const shown = corrected.slice(0, 3).join(", ") + (corrected.length > 3 ? ` and ${corrected.length - 3} more` : "");
    const reason = `${source} corrected the close of ${symbol} on ${shown}`;
    const reopened = await reopenValuesOfPrices(tx, { etfId, dates: corrected, reason, at });
    return audited(tx, reopened, { subject, reason, at });
  }
  if (newScaleSince === null) return 0;
  const split = (await listSplits(tx, etfId)).find(({ date }) => date === newScaleSince);
  const cause = split
    ? `a split of ${symbol} on ${newScaleSince}, ${Number(split.numerator)} for ${Number(split.denominator)}`
    : `a new scale of ${symbol} since ${newScaleSince}, by ${Number(scale.toPrecision(4))} as after a split`;
  const reason = `${cause}: ${source} adjusted the earlier prices after these days were valued`;
  const reopened = await reopenValuesSinceSplit(tx, { etfId, from: newScaleSince, reason, at });
  return audited(tx, reopened, { subject, reason, at });
}

async function audited(
  tx: Tx,
  { days, pensions }: Reopened,
  { subject, reason, at }: { subject: string; reason: string; at: Date },
): Promise<number> {
  if (days > 0) {
    const after = { days, pensions };
    await recordAudit(tx, { at, who: BY_LATER_ANSWER, action: "pension days reopened", subject, reason, after });
  }
  return days;
}
