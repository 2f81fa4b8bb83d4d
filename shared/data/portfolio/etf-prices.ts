import { eq, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import { etfPrices, etfs, type SeriesKind } from "./etf-schema.ts";
import type { PriceColumns } from "./price-columns.ts";
import { suspectPoints } from "./suspect-schema.ts";

/** One trading day; exact decimals as the source printed them, in the ETF's currency. */
export interface PricePoint {
  readonly date: string;
  readonly open: string | null;
  readonly high: string | null;
  readonly low: string | null;
  readonly close: string;
  readonly adjustedClose: string | null;
  readonly volume: string | null;
}

/** The ETF, source and kind of prices. */
export interface PriceOrigin {
  readonly etfId: number;
  readonly source: string;
  readonly series: SeriesKind;
}

export interface InsertedPrices {
  readonly inserted: number;
  /** Already stored points; they stay unchanged. */
  readonly skipped: number;
}

/** Price points of one ETF. */
export interface EtfColumns extends PriceOrigin {
  readonly columns: PriceColumns;
}

/**
 * Adds missing points, one statement per source and series. Each ETF must have the given series and occur once.
 * @returns the counts for each input, in order
 */
export async function insertPrices(db: Executor, given: readonly EtfColumns[]): Promise<InsertedPrices[]> {
  const inserted = new Map<number, number>();
  for (const group of Map.groupBy(given, ({ source, series }) => `${source} ${series}`).values()) {
    const { source, series } = group[0]!;
    const rows = await db.execute<{ etfId: number; inserted: number }>(sql`
      with added as (
        insert into ${etfPrices} (etf_id, date, open, high, low, close, adjusted_close, volume, source, series)
        select point.*, ${source}, ${series} from ${unnested(group)}
        on conflict (etf_id, date) do nothing
        returning etf_id
      )
      select etf_id::integer as "etfId", count(*)::integer as inserted from added group by etf_id`);
    for (const row of rows) inserted.set(row.etfId, row.inserted);
  }
  return given.map(({ etfId, columns }) => {
    const added = inserted.get(etfId) ?? 0;
    return { inserted: added, skipped: columns.count - added };
  });
}

/** The result of correcting a series. */
export interface CorrectedPrices {
  readonly inserted: number;
  readonly changed: number;
  readonly unchanged: number;
}

/** Adds missing points and corrects different ones, in one statement. Stored points outside of the input stay. */
export async function correctPrices(
  tx: Executor,
  { etfId, source, series, columns }: EtfColumns,
): Promise<CorrectedPrices> {
  // xmax is 0 for an inserted row. Rows that the condition skips are not returned.
  const [row] = await tx.execute<{ inserted: number; changed: number }>(sql`
    with written as (
      insert into ${etfPrices} as stored (etf_id, date, open, high, low, close, adjusted_close, volume, source, series)
      select point.*, ${source}, ${series} from ${unnested([{ etfId, columns }])}
      on conflict (etf_id, date) do update
        set open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
            adjusted_close = excluded.adjusted_close, volume = excluded.volume, source = excluded.source
      where (stored.open, stored.high, stored.low, stored.close, stored.adjusted_close, stored.volume)
            is distinct from
            (excluded.open, excluded.high, excluded.low, excluded.close, excluded.adjusted_close, excluded.volume)
      returning (xmax = 0) as is_new
    )
    select count(*) filter (where is_new)::integer as inserted, count(*) filter (where not is_new)::integer as changed
      from written`);
  const { inserted, changed } = row ?? { inserted: 0, changed: 0 };
  return { inserted, changed, unchanged: columns.count - inserted - changed };
}

/** @returns the number of deleted points */
export async function deletePrices(tx: Tx, etfId: number): Promise<number> {
  const [row] = await tx.execute<{ deleted: number }>(sql`
    with gone as (delete from ${etfPrices} where etf_id = ${etfId} returning 1)
    select count(*)::integer as deleted from gone`);
  return row?.deleted ?? 0;
}

export interface StoredPrice extends PricePoint {
  readonly source: string;
  readonly series: SeriesKind;
}

const COLUMNS = sql`date::text as date, open::text as open, high::text as high, low::text as low, close::text as close,
  adjusted_close::text as "adjustedClose", volume::text as volume, source, series`;

/** The price of the last trading day on or before a date. */
export async function priceOnOrBefore(db: Executor, etfId: number, date: string): Promise<StoredPrice | undefined> {
  const [row] = await db.execute<StoredPrice & Record<string, unknown>>(sql`
    select ${COLUMNS} from ${etfPrices} where etf_id = ${etfId} and etf_prices.date <= ${date}::date
     order by etf_prices.date desc limit 1`);
  return row;
}

/** The price of the first trading day on or after a date. */
export async function priceOnOrAfter(db: Executor, etfId: number, date: string): Promise<StoredPrice | undefined> {
  const [row] = await db.execute<StoredPrice & Record<string, unknown>>(sql`
    select ${COLUMNS} from ${etfPrices} where etf_id = ${etfId} and etf_prices.date >= ${date}::date
     order by etf_prices.date limit 1`);
  return row;
}

/** Prices of a date range, both ends included, oldest first. */
export async function listPrices(
  db: Executor,
  etfId: number,
  { from, to, limit }: { from?: string | undefined; to?: string | undefined; limit: number },
): Promise<StoredPrice[]> {
  const rows = await db.execute<StoredPrice & Record<string, unknown>>(sql`
    select ${COLUMNS} from ${etfPrices}
     where etf_id = ${etfId} and etf_prices.date between ${from ?? "-infinity"}::date and ${to ?? "infinity"}::date
     order by etf_prices.date limit ${limit}`);
  return [...rows];
}

/** The last `count` stored closes of each ETF, oldest first. ETFs without prices are left out. */
export async function recentCloses(
  db: Executor,
  etfIds: readonly number[],
  count: number,
): Promise<Map<number, { date: string; close: string }[]>> {
  const rows = await db.execute<{ etfId: number; date: string; close: string }>(sql`
    select etf.id::integer as "etfId", recent.date::text as date, recent.close::text as close
      from unnest(${plainArray(etfIds)}::bigint[]) as etf(id)
     cross join lateral (
       select date, close from ${etfPrices} where etf_id = etf.id order by etf_prices.date desc limit ${count}
     ) as recent
     order by recent.date`);
  return Map.groupBy(rows, ({ etfId }) => etfId);
}

/**
 * The first of the last `count` stored days of each ETF, or an earlier day whose price is held back: the next answer
 * may have corrected it. ETFs without prices are left out.
 */
export async function overlapStarts(
  db: Executor,
  etfIds: readonly number[],
  count: number,
): Promise<Map<number, string>> {
  const rows = await db.execute<{ etfId: number; first: string }>(sql`
    select etf.id::integer as "etfId", least(recent.first, held.first)::text as first
      from unnest(${plainArray(etfIds)}::bigint[]) as etf(id)
     cross join lateral (
       select min(date) as first
         from (select date from ${etfPrices} where etf_id = etf.id order by etf_prices.date desc limit ${count}) as last
     ) as recent
     cross join lateral (
       select min(s.date) as first from ${suspectPoints} s
        where s.etf_id = etf.id and s.state = 'held' and s.date > recent.first - 90
     ) as held
     where recent.first is not null`);
  return new Map(rows.map(({ etfId, first }) => [etfId, first]));
}

/** Deletes the points of days outside of the given series. @returns the number of deleted points */
export async function deletePricesExcept(tx: Tx, etfId: number, columns: PriceColumns): Promise<number> {
  const dates = `{${columns.date}}`;
  const [row] = await tx.execute<{ deleted: number }>(sql`
    with gone as (
      delete from ${etfPrices} where etf_id = ${etfId} and not (date = any(${dates}::date[])) returning 1
    )
    select count(*)::integer as deleted from gone`);
  return row?.deleted ?? 0;
}

/** All stored closes of an ETF, oldest first. */
export async function storedCloses(db: Executor, etfId: number): Promise<{ date: string; close: string }[]> {
  const rows = await db.execute<{ date: string; close: string }>(sql`
    select p.date::text as date, p.close::text as close from ${etfPrices} p where p.etf_id = ${etfId} order by p.date`);
  return [...rows];
}

/** Deletes the prices of days: they are no longer plausible. */
export async function withdrawPrices(tx: Tx, etfId: number, dates: readonly string[]): Promise<void> {
  if (dates.length === 0) return;
  await tx.execute(sql`delete from ${etfPrices} where etf_id = ${etfId} and date = any(${plainArray(dates)}::date[])`);
}

/** Deletes the price of a day with this close. @returns whether it was stored */
export async function withdrawPrice(
  tx: Tx,
  { etfId, date, close }: { etfId: number; date: string; close: string },
): Promise<boolean> {
  const gone = await tx.execute(sql`
    delete from ${etfPrices}
     where etf_id = ${etfId} and date = ${date}::date and close = ${close}::numeric returning 1`);
  return gone.length > 0;
}

/** Fewer digits are the same by chance. */
const TELLING_DIGITS = 4;

/**
 * The symbol of another ETF with the same close on the day or in the four days before it, by day. Closes of fewer than
 * four digits are left out.
 */
export async function sameCloses(
  db: Executor,
  etfId: number,
  closes: readonly { readonly date: string; readonly close: string }[],
): Promise<Map<string, string>> {
  const telling = closes.filter(({ close }) => close.replace(/\D/g, "").replace(/^0+/, "").length >= TELLING_DIGITS);
  if (telling.length === 0) return new Map();
  const rows = await db.execute<{ date: string; symbol: string }>(sql`
    select distinct on (day.date) day.date::text as date, e.symbol
      from unnest(
             ${plainArray(telling.map(({ date }) => date))}::date[], ${plainArray(telling.map(({ close }) => close))}::numeric[]
           ) as day(date, close)
     cross join ${etfs} e
      join ${etfPrices} p on p.etf_id = e.id and p.date between day.date - 4 and day.date and p.close = day.close
     where e.id <> ${etfId}
     order by day.date, e.id`);
  return new Map(rows.map(({ date, symbol }) => [date, symbol]));
}

/** The ETFs in use with the day of their newest price; null without prices. */
export async function newestPriceDates(
  db: Executor,
): Promise<{ symbol: string; addedAt: Date; newest: string | null }[]> {
  const newest = sql<string | null>`(select max(p.date) from ${etfPrices} p where p.etf_id = ${etfs.id})::text`;
  return db.select({ symbol: etfs.symbol, addedAt: etfs.addedAt, newest }).from(etfs).where(eq(etfs.inUse, true));
}

/**
 * Array literals instead of one parameter per value: PostgreSQL accepts at most 65,535 parameters and parses one text
 * faster.
 */
function unnested(series: readonly Pick<EtfColumns, "etfId" | "columns">[]) {
  const some = series.filter(({ columns }) => columns.count > 0);
  const ids = some.map(({ etfId, columns }) => Array<number>(columns.count).fill(etfId).join(","));
  const column = (name: keyof PricePoint) => `{${some.map(({ columns }) => columns[name]).join(",")}}`;
  return sql`unnest(
    ${`{${ids.join(",")}}`}::bigint[], ${column("date")}::date[], ${column("open")}::numeric[], ${column("high")}::numeric[],
    ${column("low")}::numeric[], ${column("close")}::numeric[], ${column("adjustedClose")}::numeric[],
    ${column("volume")}::numeric[]
  ) as point(etf_id, date, open, high, low, close, adjusted_close, volume)`;
}
