import type { Tx } from "#data/client.ts";
import {
  correctPrices,
  deletePrices,
  deletePricesExcept,
  insertPrices,
  recentCloses,
  storedCloses,
} from "#data/portfolio/etf-prices.ts";
import { storeSplits } from "#data/portfolio/etf-splits.ts";
import { addStoredSeries } from "#data/portfolio/etf-updates.ts";
import { lockEtfs, markReady } from "#data/portfolio/etfs.ts";
import { closesIn, columnsOf, extentIn, type PriceColumns } from "#data/portfolio/price-columns.ts";
import type { SuspectPoint } from "#data/portfolio/suspect-schema.ts";
import { InvalidInput } from "#jobs/endings.ts";
import type { PriceSeries } from "#providers/etf-provider.ts";
import { covers, isSameScale } from "#rules/portfolio/price-series.ts";
import { isSameValue } from "#rules/portfolio/suspect-settlement.ts";
import { judgeFetched, type StoredClose } from "./judge-prices.ts";
import { reopenChanged, reopenWithdrawn } from "./reopen-values.ts";

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

/** Stored days beside the fetched ones, from which a jump is judged. */
const COMPARED_DAYS = 60;

export interface Continued {
  readonly inserted: number;
  readonly skipped: number;
  /** Fetched days that are held back as implausible. */
  readonly suspect: number;
  /** A split or a dividend has changed the whole series: nothing was stored, and a refresh has to fetch it whole. */
  readonly isNewScale: boolean;
}

/**
 * Adds the plausible days that are not stored yet; stored days stay as they are. @returns the result of each series, in
 * their order, and the points that are held back from now on
 */
export async function continueSeries(
  tx: Tx,
  fetched: readonly FetchedSeries[],
  { runId, asOf, symbol }: StoringRun,
): Promise<{ continued: Continued[]; newlyHeld: readonly SuspectPoint[] }> {
  const ids = fetched.map(({ etfId }) => etfId);
  const etfs = await lockEtfs(tx, ids);
  const stored = await recentCloses(tx, ids, COMPARED_DAYS);
  const continuing = fetched.filter(({ etfId, series, columns }) =>
    isSameScale(series, stored.get(etfId) ?? [], closesIn(columns)),
  );
  await storeSplits(tx, continuing, asOf);
  const judged = await judgeFetched(tx, continuing, { etfs, stored, runId, asOf });
  await markReady(tx, continuing, asOf);
  const added = await insertPrices(
    tx,
    judged.series.map(({ series }) => series),
  );
  for (const [i, { withdrawn }] of judged.series.entries())
    await reopenWithdrawn(tx, continuing[i]!.etfId, withdrawn, asOf);
  await addStoredSeries(
    tx,
    runId,
    symbol,
    continuing.map((one, i) => ({ ...added[i]!, changed: 0, suspect: judged.series[i]!.suspect, ...extentOf(one) })),
  );
  const results = new Map(
    continuing.map(({ etfId }, i) => [etfId, { ...added[i]!, suspect: judged.series[i]!.suspect }]),
  );
  const continued = ids.map((id) => ({
    inserted: 0,
    skipped: 0,
    suspect: 0,
    ...results.get(id),
    isNewScale: !results.has(id),
  }));
  return { continued, newlyHeld: judged.newlyHeld };
}

export interface Refreshed {
  readonly inserted: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Days of the old series that the new one lacks, after it replaced the old one whole. */
  readonly removed: number;
  /** Days that are held back as implausible; left out without any. */
  readonly suspect?: number;
  /** Final values of pensions that are computed again; left out without any. */
  readonly revalued?: number;
}

/**
 * Corrects the prices that differ. A series of the other kind, or one that a split has rescaled, replaces the old one.
 * Final values that used a wrong close, or units and a close of different scales, are computed again.
 * @throws InvalidInput when it has to replace the old series and covers fewer days
 */
export async function refreshSeries(
  tx: Tx,
  fetched: FetchedSeries,
  { runId, asOf, symbol }: StoringRun,
): Promise<{ refreshed: Refreshed; newlyHeld: readonly SuspectPoint[] }> {
  const { etfId } = fetched;
  const etfs = await lockEtfs(tx, [etfId]);
  const etf = etfs.get(etfId)!;
  const stored = await storedCloses(tx, etfId);
  await storeSplits(tx, [fetched], asOf);
  const { series, suspect, withdrawn, newlyHeld } = await judgeWhole(tx, fetched, { etfs, stored, runId, asOf });
  const closes = closesIn(series.columns);
  const isOtherKind = stored.length > 0 && etf.series !== series.series;
  const isNewScale = !isSameScale(series.series, stored.slice(-OVERLAP_DAYS), closes);
  const [first, last] = [stored[0]?.date, stored.at(-1)?.date];
  if (first !== undefined && last !== undefined && (isOtherKind || isNewScale) && !covers(closes, { first, last })) {
    const extent = extentOf(fetched);
    const change = isOtherKind ? `to prices that are ${series.series}` : "to a new scale";
    const reason =
      `a change ${change} replaces all prices, but ${series.source} has them from ${extent.first} to ${extent.last} only, ` +
      `and those from ${first} to ${last} are stored`;
    throw new InvalidInput([{ field: etf.symbol, reason }]);
  }
  const replaced = isOtherKind ? await deletePrices(tx, etfId) : 0;
  await markReady(tx, [series], asOf);
  const { inserted, changed, unchanged } = await correctPrices(tx, series);
  const removed = replaced + (isNewScale && !isOtherKind ? await deletePricesExcept(tx, etfId, series.columns) : 0);
  await addStoredSeries(tx, runId, symbol, [{ inserted, changed, skipped: unchanged, suspect, ...extentOf(fetched) }]);
  const days = await reopenWithdrawn(tx, etfId, withdrawn, asOf);
  const revalued = days + (isOtherKind ? 0 : await reopenChanged(tx, series, { symbol: etf.symbol, stored, asOf }));
  const refreshed = {
    inserted,
    changed,
    unchanged,
    removed,
    ...(suspect > 0 && { suspect }),
    ...(revalued > 0 && { revalued }),
  };
  return { refreshed, newlyHeld };
}

/** Judges a whole series. Stored closes that it repeats are known; the others may have another scale. */
async function judgeWhole(
  tx: Tx,
  fetched: FetchedSeries,
  {
    stored,
    ...judging
  }: Omit<Parameters<typeof judgeFetched>[2], "stored"> & { readonly stored: readonly StoredClose[] },
) {
  const closes = new Map(closesIn(fetched.columns).map(({ date, close }) => [date, close]));
  const repeated = stored.filter(({ date, close }) => isSameValue(closes.get(date) ?? "", close));
  const judged = await judgeFetched(tx, [fetched], { ...judging, stored: new Map([[fetched.etfId, repeated]]) });
  return { ...judged.series[0]!, newlyHeld: judged.newlyHeld };
}

function extentOf({ source, columns }: FetchedSeries): { source: string; first: string; last: string } {
  return { source, ...extentIn(columns) };
}
