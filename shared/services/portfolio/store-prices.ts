import type { Tx } from "#data/client.ts";
import {
  correctPrices,
  deletePrices,
  deletePricesExcept,
  insertPrices,
  recentCloses,
  storedRange,
} from "#data/portfolio/etf-prices.ts";
import { addStoredSeries } from "#data/portfolio/etf-updates.ts";
import { lockEtfs, markReady } from "#data/portfolio/etfs.ts";
import { closesIn, columnsOf, type PriceColumns } from "#data/portfolio/price-columns.ts";
import { InvalidInput } from "#jobs/endings.ts";
import type { PriceSeries } from "#providers/etf-provider.ts";
import { covers, isSameScale } from "#rules/portfolio/price-series.ts";

/** The run that stores a series. */
export interface StoringRun {
  readonly runId: string;
  /** The instant that the run stands for. */
  readonly asOf: Date;
  /** The symbol in the run's input; null for a run over many. */
  readonly symbol: string | null;
}

/**
 * Stored days that each synchronisation fetches again: they fill in late days and show whether the scale is the same.
 */
export const OVERLAP_DAYS = 5;

/** A series of an ETF, in the columns of the database. */
export interface FetchedSeries extends Omit<PriceSeries, "points"> {
  readonly etfId: number;
  readonly columns: PriceColumns;
}

/** Packs a fetched series. Call it at once: the points then take only a few strings of memory. */
export function readyToStore(etfId: number, { points, ...facts }: PriceSeries): FetchedSeries {
  return { ...facts, etfId, columns: columnsOf(points) };
}

export interface Continued {
  readonly inserted: number;
  readonly skipped: number;
  /** A split or a dividend has changed the whole series: nothing was stored, and a refresh has to fetch it whole. */
  readonly isNewScale: boolean;
}

/**
 * Adds the days that are not stored yet; stored days stay as they are. @returns the result of each series, in their
 * order
 */
export async function continueSeries(
  tx: Tx,
  fetched: readonly FetchedSeries[],
  { runId, asOf, symbol }: StoringRun,
): Promise<Continued[]> {
  const ids = fetched.map(({ etfId }) => etfId);
  await lockEtfs(tx, ids);
  const closes = await recentCloses(tx, ids, OVERLAP_DAYS);
  const continuing = fetched.filter(({ etfId, series, columns }) => {
    const stored = closes.get(etfId);
    return stored === undefined || isSameScale(series, stored, closesIn(columns));
  });
  await markReady(tx, continuing, asOf);
  const added = await insertPrices(tx, continuing);
  await addStoredSeries(
    tx,
    runId,
    symbol,
    continuing.map((one, i) => ({ ...added[i]!, changed: 0, ...extentOf(one) })),
  );
  const stored = new Map(continuing.map(({ etfId }, i) => [etfId, added[i]!]));
  return ids.map((id) => ({ inserted: 0, skipped: 0, ...stored.get(id), isNewScale: !stored.has(id) }));
}

export interface Refreshed {
  readonly inserted: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Days of the old series that the new one lacks, after it replaced the old one whole. */
  readonly removed: number;
}

/**
 * Corrects the prices that differ. A series of the other kind, or one that a split has rescaled, replaces the old one.
 * @throws InvalidInput when it has to replace the old series and covers fewer days
 */
export async function refreshSeries(
  tx: Tx,
  series: FetchedSeries,
  { runId, asOf, symbol }: StoringRun,
): Promise<Refreshed> {
  const { etfId } = series;
  const etf = (await lockEtfs(tx, [etfId])).get(etfId)!;
  const stored = await storedRange(tx, etfId);
  const isOtherKind = stored !== undefined && etf.series !== series.series;
  const closes = (await recentCloses(tx, [etfId], OVERLAP_DAYS)).get(etfId) ?? [];
  const fetched = closesIn(series.columns);
  const isNewScale = !isSameScale(series.series, closes, fetched);
  if (stored && (isOtherKind || isNewScale) && !covers(fetched, stored)) {
    const { first, last } = extentOf(series);
    const change = isOtherKind ? `to prices that are ${series.series}` : "to a new scale";
    const reason =
      `a change ${change} replaces all prices, but ${series.source} has them from ${first} to ${last} only, ` +
      `and those from ${stored.first} to ${stored.last} are stored`;
    throw new InvalidInput([{ field: etf.symbol, reason }]);
  }
  const replaced = isOtherKind ? await deletePrices(tx, etfId) : 0;
  await markReady(tx, [series], asOf);
  const points = await correctPrices(tx, series);
  const removed = replaced + (isNewScale && !isOtherKind ? await deletePricesExcept(tx, etfId, series.columns) : 0);
  const { inserted, changed, unchanged } = points;
  await addStoredSeries(tx, runId, symbol, [{ inserted, changed, skipped: unchanged, ...extentOf(series) }]);
  return { inserted, changed, unchanged, removed };
}

function extentOf({ source, columns: { date } }: FetchedSeries): { source: string; first: string; last: string } {
  return { source, first: date.slice(0, "YYYY-MM-DD".length), last: date.slice(-"YYYY-MM-DD".length) };
}
