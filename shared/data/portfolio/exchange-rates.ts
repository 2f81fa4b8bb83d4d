import { sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";
import { dateOf } from "../sql-instant.ts";
import { etfs } from "./etf-schema.ts";
import { etfPensions } from "./pension-schema.ts";
import { exchangeRates } from "./portfolio-schema.ts";

/** The rates of one source and day: `1 EUR = rate quote`, exact decimals as printed. */
export interface PublishedDay {
  readonly date: string;
  readonly rates: readonly { readonly quote: string; readonly rate: string }[];
}

export interface InsertedPoints {
  readonly inserted: number;
  /** Already stored points; they stay unchanged. */
  readonly skipped: number;
}

/** Adds missing points in one statement. */
export async function insertRates(
  db: Executor,
  days: readonly PublishedDay[],
  source: string,
): Promise<InsertedPoints> {
  const dates: string[] = [];
  const quotes: string[] = [];
  const rates: string[] = [];
  for (const { date, rates: ofDay } of days) {
    for (const { quote, rate } of ofDay) {
      dates.push(date);
      quotes.push(quote);
      rates.push(rate);
    }
  }
  // Array literals instead of one parameter per value: PostgreSQL accepts at most 65,535 parameters and parses one text
  // faster.
  const [row] = await db.execute<{ inserted: number }>(sql`
    with added as (
      insert into ${exchangeRates} (date, quote, rate, source)
      select point.date, point.quote, point.rate, ${source}
        from unnest(${plainArray(dates)}::date[], ${plainArray(quotes)}::text[], ${plainArray(rates)}::numeric[]) as point(date, quote, rate)
      on conflict do nothing
      returning 1
    )
    select count(*)::integer as inserted from added`);
  const inserted = row?.inserted ?? 0;
  return { inserted, skipped: dates.length - inserted };
}

/** Deletes a stored rate with this value. @returns whether it was stored */
export async function deleteRate(
  db: Executor,
  { quote, date, rate, source }: { quote: string; date: string; rate: string; source: string },
): Promise<boolean> {
  const gone = await db.execute(sql`
    delete from ${exchangeRates}
     where quote = ${quote} and date = ${date}::date and source = ${source} and rate = ${rate}::numeric returning 1`);
  return gone.length > 0;
}

/** The days for which any source has rates, oldest first. */
export async function storedRateDays(db: Executor): Promise<string[]> {
  const rows = await db.execute<{ date: string }>(
    sql`select distinct r.date::text as date from ${exchangeRates} r order by 1`,
  );
  return rows.map(({ date }) => date);
}

export interface StoredRate {
  readonly quote: string;
  readonly rate: string;
  readonly date: string;
  readonly source: string;
}

/** A loose index scan from one currency to the next: "distinct" would read every point. */
const storedQuotes = sql`
  with recursive currency(quote) as (
    select min(quote) from ${exchangeRates}
    union all
    select (select min(r.quote) from ${exchangeRates} r where r.quote > currency.quote) from currency where quote is not null
  ) select quote from currency where quote is not null`;

/**
 * The last rate of each currency on or before a date, from the first source in the list that has that day.
 * @param quotes default: all currencies
 */
export async function ratesInForce(
  db: Executor,
  { date, quotes, sources }: { date: string; quotes?: readonly string[]; sources: readonly string[] },
): Promise<StoredRate[]> {
  const wanted = quotes ? sql`select unnest(${plainArray(quotes)}::text[]) as quote` : storedQuotes;
  const rows = await db.execute<{ quote: string; rate: string; date: string; source: string }>(sql`
    select found.quote, found.rate::text as rate, found.date::text as date, found.source
      from (${wanted}) as wanted
      cross join lateral (
        select r.quote, r.rate, r.date, r.source from ${exchangeRates} r
         where r.quote = wanted.quote and r.date <= ${date}::date
         order by r.date desc, array_position(${plainArray(sources)}::text[], r.source) nulls last
         limit 1
      ) as found
     order by found.quote`);
  return [...rows];
}

/**
 * The published rates of currencies in a date range, both ends included, oldest first: one per day, from the first
 * source in the list that has the day.
 */
export async function ratesBetween(
  db: Executor,
  { quotes, from, to, sources }: { quotes: readonly string[]; from: string; to: string; sources: readonly string[] },
): Promise<StoredRate[]> {
  const rows = await db.execute<StoredRate & Record<string, unknown>>(sql`
    select distinct on (r.quote, r.date) r.quote, r.rate::text as rate, r.date::text as date, r.source
      from ${exchangeRates} r
     where r.quote = any(${plainArray(quotes)}::text[]) and r.date between ${from}::date and ${to}::date
     order by r.quote, r.date, array_position(${plainArray(sources)}::text[], r.source) nulls last`);
  return [...rows];
}

/** A currency that has rates, or needs them. */
export interface RatedCurrency {
  readonly quote: string;
  /** The last day with a stored rate; null without rates. */
  readonly newest: string | null;
  /** When the first ETF in use or pension in this currency was added; null without one. */
  readonly neededSince: Date | null;
}

/** Every currency that has rates, and every currency of an ETF in use or a pension. */
export async function ratedCurrencies(db: Executor): Promise<RatedCurrency[]> {
  const rows = await db.execute<{ quote: string; newest: string | null; neededSince: unknown }>(sql`
    with needed as (
      select quote, min(at) as since
        from (select currency as quote, added_at as at from ${etfs} where in_use
              union all select currency, created_at from ${etfPensions}) as use
       where quote <> 'EUR' group by quote
    )
    select quote, newest.date::text as newest, needed.since as "neededSince"
      from (${storedQuotes}) as stored full join needed using (quote)
      cross join lateral (select max(r.date) as date from ${exchangeRates} r where r.quote = coalesce(stored.quote, needed.quote)) as newest`);
  return [...rows].map((row) => ({ ...row, neededSince: dateOf(row.neededSince) }));
}
