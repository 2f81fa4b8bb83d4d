import { type SQL, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { etfPrices, etfs, type SeriesKind } from "./etf-schema.ts";
import { etfPensionContributions, etfPensions, etfPensionValues } from "./pension-schema.ts";
import { suspectPoints } from "./suspect-schema.ts";

/** An ETF with pensions, and the state of its prices. */
export interface PensionEtf {
  readonly id: number;
  /** Null without prices. */
  readonly currency: string | null;
  readonly series: SeriesKind | null;
  readonly lastPrice: string | null;
  /** Days with a price, and days whose price is held back. */
  readonly prices: number;
}

/** @param etfId default: all ETFs with pensions */
export async function pensionEtfs(db: Executor, etfId?: number): Promise<PensionEtf[]> {
  const rows = await db.execute<PensionEtf & Record<string, unknown>>(sql`
    select e.id::integer as id, e.currency, e.series, seen.last as "lastPrice", seen.prices + held.days as prices
      from ${etfs} e
      cross join lateral (
        select max(date)::text as last, count(*)::integer as prices from ${etfPrices} where etf_id = e.id
      ) as seen
      cross join lateral (
        select count(*)::integer as days from ${heldPrices} where s.etf_id = e.id
      ) as held
     where exists (select from ${etfPensions} p where p.etf_id = e.id)
       and ${etfId === undefined ? sql`true` : sql`e.id = ${etfId}`}
     order by e.id`);
  return [...rows];
}

/** SQL: the held prices as `s`. A day with a stored price is valued with that, whatever else is held back for it. */
export const heldPrices = sql`(
  select h.etf_id, h.date from ${suspectPoints} h
   where h.state = 'held' and h.kind = 'price'
     and not exists (select from ${etfPrices} e where e.etf_id = h.etf_id and e.date = h.date)
) as s`;

/** The last price and the number of prices of an ETF. */
export interface PriceStatus {
  readonly etfId: number;
  /** The newest day with a price; null without prices. */
  readonly to: string | null;
  readonly prices: number;
  /** The newest day with an expected price that is missing; null without one. */
  readonly awaited: string | null;
}

/**
 * Pensions that may need a valuation, by id: the prices of the ETF changed since the last one, a price is missing, a
 * day is pending, or a contribution has no units.
 */
export async function pensionsToValue(
  db: Executor,
  reaches: readonly PriceStatus[],
  { after, limit }: { after: string | null; limit: number },
): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select p.id
      from ${etfPensions} p join ${priceStatusRows(reaches)} on reach.etf_id = p.etf_id
     where p.id > ${after ?? "00000000-0000-0000-0000-000000000000"}::uuid
       and (p.valued_to is distinct from reach.newest or p.prices_seen is distinct from reach.prices
            or (reach.awaited is not null and not exists (
                 select from ${etfPensionValues} v where v.pension_id = p.id and v.date = reach.awaited))
            or exists (select from ${etfPensionValues} v where v.pension_id = p.id and v.state = 'pending')
            or exists (select from ${etfPensionContributions} c where c.pension_id = p.id and c.units is null))
     order by p.id
     limit ${limit}`);
  return rows.map(({ id }) => id);
}

/** Locks pensions until the transaction ends; waits for other locks. @returns the existing ids */
export async function lockPensions(tx: Tx, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.execute<{ id: string }>(sql`
    select id from ${etfPensions} where id = any(${uuids(ids)}) order by id for update`);
  return rows.map(({ id }) => id);
}

/** Locks pensions until the transaction ends. Skips locked ones: another run values them. @returns the locked ids */
export async function lockFreePensions(tx: Tx, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.execute<{ id: string }>(sql`
    select id from ${etfPensions} where id = any(${uuids(ids)}) order by id for update skip locked`);
  return rows.map(({ id }) => id);
}

/** Locks one pension; waits for other locks. @returns undefined when it does not exist */
export async function lockPension(tx: Tx, id: string): Promise<{ id: string; etfId: number } | undefined> {
  const [row] = await tx.execute<{ id: string; etfId: number }>(sql`
    select id, etf_id::integer as "etfId" from ${etfPensions} where id = ${id}::uuid for update`);
  return row;
}

/** Pensions with the same ETF and currency: their days differ in units only. */
export interface PensionKind {
  readonly etfId: number;
  readonly currency: string;
  /** Whether all of them have a sum of units, and their last purchases match the stored prices: no split. */
  readonly isSettled: boolean;
}

/**
 * The distinct kinds of these pensions.
 * @param ratio the close of a day may change by this factor and still count as a correction, not a split
 */
export async function pensionKinds(tx: Tx, ids: readonly string[], ratio: number): Promise<PensionKind[]> {
  const rows = await tx.execute<PensionKind & Record<string, unknown>>(sql`
    -- Many pensions bought on the same day: each price is looked up once.
    with bought as materialized (
      select distinct etf_id, currency, last_purchase_date, last_purchase_price from ${etfPensions} where id = any(${uuids(ids)})
    )
    select b.etf_id::integer as "etfId", b.currency,
           bool_and(b.last_purchase_price is not null
                    and (greatest(e.close / b.last_purchase_price, b.last_purchase_price / e.close) > ${ratio}::numeric) is not true) as "isSettled"
      from bought b left join ${etfPrices} e on e.etf_id = b.etf_id and e.date = b.last_purchase_date
     group by b.etf_id, b.currency`);
  return [...rows];
}

/** Makes the next valuation check every day of a pension, not only new ones. Final days stay unchanged. */
export async function revalueAllDays(tx: Tx, id: string): Promise<void> {
  await tx.execute(sql`update ${etfPensions} set valued_to = null, prices_seen = null where id = ${id}::uuid`);
}

/** Records how far these pensions are valued. With prices they become ready. */
export async function markValued(tx: Tx, ids: readonly string[], reaches: readonly PriceStatus[]): Promise<void> {
  await tx.execute(sql`
    update ${etfPensions} p
       set valued_to = reach.newest, prices_seen = reach.prices,
           state = case when reach.prices > 0 then 'ready' else p.state end
      from ${priceStatusRows(reaches)}
     where p.id = any(${uuids(ids)}) and p.etf_id = reach.etf_id`);
}

/**
 * The first day after `after` with work: a new price, one that is held back, or a pending day.
 * @returns null without one
 */
export async function firstDueDay(
  tx: Tx,
  ids: readonly string[],
  reaches: readonly PriceStatus[],
  after: string,
): Promise<string | null> {
  const [row] = await tx.execute<{ day: string | null }>(sql`
    with ${sinceOf(ids, reaches)}
    select least(
      (select min(e.date) from since cross join lateral (
         select date from ${etfPrices} where etf_id = since.etf_id and date > greatest(since.day, ${after}::date)
          order by date limit 1) e),
      (select min(v.date) from unnest(${uuids(ids)}) as pension(id) cross join lateral (
         select date from ${etfPensionValues}
          where pension_id = pension.id and state = 'pending' and date > ${after}::date
          order by date limit 1) v),
      (select min(s.date) from since join ${heldPrices} on s.etf_id = since.etf_id
        where s.date > greatest(since.day, ${after}::date))
    )::text as day`);
  return row?.day ?? null;
}

export interface DueDay {
  readonly etfId: number;
  readonly date: string;
  /** Null without a price. */
  readonly close: string | null;
  /** The price is held back as implausible. */
  readonly isHeld: boolean;
}

/** The days with work in a range, both ends included, with their prices. */
export async function dueDays(
  tx: Tx,
  ids: readonly string[],
  reaches: readonly PriceStatus[],
  { from, to }: { from: string; to: string },
): Promise<DueDay[]> {
  const rows = await tx.execute<DueDay & Record<string, unknown>>(sql`
    with ${sinceOf(ids, reaches)},
    due as (
      select since.etf_id, e.date
        from since join ${etfPrices} e on e.etf_id = since.etf_id and e.date > since.day
       where e.date between ${from}::date and ${to}::date
       union
      select p.etf_id, v.date
        from ${etfPensions} p join ${etfPensionValues} v on v.pension_id = p.id and v.state = 'pending'
       where p.id = any(${uuids(ids)}) and v.date between ${from}::date and ${to}::date
      union
      select since.etf_id, s.date
        from since join ${heldPrices} on s.etf_id = since.etf_id and s.date > since.day
       where s.date between ${from}::date and ${to}::date
    )
    select due.etf_id::integer as "etfId", due.date::text as date, e.close::text as close,
           e.close is null and exists (select from ${heldPrices} where s.etf_id = due.etf_id and s.date = due.date) as "isHeld"
      from due left join ${etfPrices} e on e.etf_id = due.etf_id and e.date = due.date
     order by due.date`);
  return [...rows];
}

/**
 * SQL: for each ETF the day after which days have work. It is the last valued day. If the number of new prices does not
 * explain the current count, a price was added or deleted before that day, and all days have work.
 */
function sinceOf(ids: readonly string[], reaches: readonly PriceStatus[]): SQL {
  return sql`
    seen as (
      select etf_id, valued_to, prices_seen from ${etfPensions} where id = any(${uuids(ids)}) group by 1, 2, 3
    ),
    since as (
      select seen.etf_id, min(case
               when seen.prices_seen + (
                      select count(*) from ${etfPrices} e
                       where e.etf_id = seen.etf_id and e.date > seen.valued_to and e.date <= reach.newest) = reach.prices
               then seen.valued_to
               else (select min(c.date) - 1 from ${etfPensionContributions} c where c.pension_id = any(${uuids(ids)}))
             end) as day
        from seen join ${priceStatusRows(reaches)} on reach.etf_id = seen.etf_id
       group by seen.etf_id
    )`;
}

function priceStatusRows(reaches: readonly PriceStatus[]): SQL {
  const column = (values: readonly (string | number | null)[]) =>
    `{${values.map((value) => value ?? "NULL").join(",")}}`;
  return sql`unnest(
    ${column(reaches.map(({ etfId }) => etfId))}::bigint[], ${column(reaches.map(({ to }) => to))}::date[],
    ${column(reaches.map(({ prices }) => prices))}::integer[], ${column(reaches.map(({ awaited }) => awaited))}::date[]
  ) as reach(etf_id, newest, prices, awaited)`;
}

function uuids(ids: readonly string[]): SQL {
  return sql`${`{${ids.join(",")}}`}::uuid[]`;
}
