import type { Db } from "#data/client.ts";
import { overlapStarts } from "#data/portfolio/etf-prices.ts";
import type { Etf } from "#data/portfolio/etf-schema.ts";
import { etfsInUse } from "#data/portfolio/etfs.ts";
import { firstGaps, withoutPriceOf } from "#data/portfolio/price-gaps.ts";
import type { CivilDate } from "#rules/civil-date.ts";
import { expectedPriceDay, newestFinalDay } from "#rules/portfolio/exchange-days.ts";
import { OVERLAP_DAYS } from "./store-prices.ts";

/** An ETF whose prices are to be fetched. */
export interface EtfToSync extends Pick<Etf, "id" | "symbol" | "series" | "currency"> {
  /** The first day to fetch; null for all days. */
  readonly from: CivilDate | null;
  /** The newest day whose price should exist; null for an exchange that is not known. */
  readonly expected: CivilDate | null;
  /** Later days are not stored: they belong to later runs. Null for an exchange that is not known. */
  readonly until: CivilDate | null;
}

/**
 * The ETFs in use that are not synchronised since `asOf`, and those that lack the price that should exist by then. An
 * attempt so continues where the one before it ended, and the run of a past slot fetches what is missing there.
 */
export async function etfsToSync(db: Db, asOf: Date): Promise<EtfToSync[]> {
  return withStarts(db, await dueEtfs(db, asOf));
}

export async function countEtfsToSync(db: Db, asOf: Date): Promise<number> {
  return (await dueEtfs(db, asOf)).length;
}

/** One ETF, also when it is synchronised. */
export async function etfToSync(db: Db, etf: Etf, asOf: Date): Promise<EtfToSync[]> {
  return withStarts(db, await withExpected(db, [etf], asOf));
}

/** An ETF with the days that a run expects. */
interface Expecting extends Pick<EtfToSync, "expected" | "until"> {
  readonly etf: Etf;
  /** The expected day, when its price is missing. */
  readonly lacking: CivilDate | undefined;
}

async function dueEtfs(db: Db, asOf: Date): Promise<Expecting[]> {
  const inUse = await withExpected(db, await etfsInUse(db), asOf);
  return inUse.filter(
    ({ etf: { syncedAt }, lacking }) => lacking !== undefined || syncedAt === null || syncedAt < asOf,
  );
}

async function withExpected(db: Db, etfs: readonly Etf[], asOf: Date): Promise<Expecting[]> {
  const expecting = etfs.map((etf) => ({
    etf,
    expected: expectedPriceDay(etf.symbol, asOf),
    until: newestFinalDay(etf.symbol, asOf),
  }));
  const days = expecting.flatMap(({ etf, expected: day }) => (day === null ? [] : [{ etfId: etf.id, day }]));
  const without = await withoutPriceOf(db, days);
  return expecting.map((one) => ({ ...one, lacking: without.has(one.etf.id) ? one.expected! : undefined }));
}

/** From the last stored days on, or from the first gap on when it is earlier. */
async function withStarts(db: Db, etfs: readonly Expecting[]): Promise<EtfToSync[]> {
  const ids = etfs.map(({ etf }) => etf.id);
  const [overlaps, gaps] = await Promise.all([overlapStarts(db, ids, OVERLAP_DAYS), firstGaps(db, ids)]);
  return etfs.map(({ etf: { id, symbol, series, currency }, expected, until, lacking }) => {
    const starts = [overlaps.get(id), gaps.get(id), lacking].filter((day) => day !== undefined);
    return { id, symbol, series, currency, from: overlaps.has(id) ? starts.sort()[0]! : null, expected, until };
  });
}
