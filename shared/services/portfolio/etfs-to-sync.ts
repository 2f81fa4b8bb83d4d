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
  const inUse = await etfsInUse(db);
  const lacking = await lackingExpected(db, inUse, asOf);
  const due = inUse.filter(({ id, syncedAt }) => lacking.has(id) || syncedAt === null || syncedAt < asOf);
  return withStarts(db, due, lacking, asOf);
}

/** One ETF, also when it is synchronised. */
export async function etfToSync(db: Db, etf: Etf, asOf: Date): Promise<EtfToSync[]> {
  return withStarts(db, [etf], await lackingExpected(db, [etf], asOf), asOf);
}

/** The ETFs without the price of the day that should exist, with that day. */
async function lackingExpected(db: Db, etfs: readonly Etf[], asOf: Date): Promise<Map<number, CivilDate>> {
  const expected = new Map<number, CivilDate>();
  for (const { id, symbol } of etfs) {
    const day = expectedPriceDay(symbol, asOf);
    if (day !== null) expected.set(id, day);
  }
  const lacking = await withoutPriceOf(
    db,
    [...expected].map(([etfId, day]) => ({ etfId, day })),
  );
  return new Map([...expected].filter(([id]) => lacking.has(id)));
}

/** From the last stored days on, or from the first gap on when it is earlier. */
async function withStarts(
  db: Db,
  etfs: readonly Etf[],
  lacking: ReadonlyMap<number, CivilDate>,
  asOf: Date,
): Promise<EtfToSync[]> {
  const ids = etfs.map(({ id }) => id);
  const [overlaps, gaps] = await Promise.all([overlapStarts(db, ids, OVERLAP_DAYS), firstGaps(db, ids)]);
  return etfs.map(({ id, symbol, series, currency }) => {
    const starts = [overlaps.get(id), gaps.get(id), lacking.get(id)].filter((day) => day !== undefined);
    return {
      id,
      symbol,
      series,
      currency,
      from: overlaps.has(id) ? starts.sort()[0]! : null,
      expected: expectedPriceDay(symbol, asOf),
      until: newestFinalDay(symbol, asOf),
    };
  });
}
