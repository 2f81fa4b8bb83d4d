import { sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";
import { exchangeRates } from "./portfolio-schema.ts";

/** What a source published on one day: `1 EUR = rate quote`, exact decimals as printed. */
export interface PublishedDay {
  readonly date: string;
  readonly rates: readonly { readonly quote: string; readonly rate: string }[];
}

export interface InsertedPoints {
  readonly inserted: number;
  /** Points that were there before; they stay as they are. */
  readonly skipped: number;
}

/** Adds the points that are not there yet, in one statement. */
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
  // Three array literals instead of a parameter a value: PostgreSQL takes at most 65,535 parameters, and parses one text faster.
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

export interface StoredRate {
  readonly quote: string;
  readonly rate: string;
  readonly date: string;
  readonly source: string;
}

/**
 * For each currency the last rate published on or before a date, by the first source in the list that has one for that day.
 * @param quotes leave out for all currencies
 */
export async function ratesInForce(
  db: Executor,
  { date, quotes, sources }: { date: string; quotes?: readonly string[]; sources: readonly string[] },
): Promise<StoredRate[]> {
  const wanted = quotes
    ? sql`select unnest(${plainArray(quotes)}::text[]) as quote`
    : // A walk over the index from one currency to the next: a plain distinct reads every point.
      sql`with recursive currency(quote) as (
            select min(quote) from ${exchangeRates}
            union all
            select (select min(r.quote) from ${exchangeRates} r where r.quote > currency.quote) from currency where quote is not null
          ) select quote from currency where quote is not null`;
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
 * The published rates of some currencies from one date to another, both included, oldest first: one a day, by the first source
 * in the list that has one for it.
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

/** The last day for which rates are stored; null when there are none. */
export async function newestRateDate(db: Executor): Promise<string | null> {
  // The dollar is in every publication, and one currency's last day is the end of an index.
  const [row] = await db.execute<{ date: string | null }>(
    sql`select max(date)::text as date from ${exchangeRates} where quote = 'USD'`,
  );
  return row?.date ?? null;
}
