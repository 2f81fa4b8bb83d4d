import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { etfPrices } from "./etf-schema.ts";
import { heldPrices } from "./pension-progress.ts";
import { etfPensionContributions, etfPensions, etfPensionValues, type PendingReason } from "./pension-schema.ts";

/**
 * Clears the purchases of pensions whose ETF was split since, so that contributions buy again at the new scale. The
 * last purchase of each pension shows a split.
 * @param ratio the close of a day may change by this factor and still count as a correction, not a split
 * @returns the number of pensions
 */
export async function undoPurchasesBeforeSplits(tx: Tx, ids: readonly string[], ratio: number): Promise<number> {
  const [row] = await tx.execute<{ pensions: number }>(sql`
    with last as materialized (
      select p.id, p.etf_id, bought.day, bought.price
        from ${etfPensions} p
       cross join lateral (
         select p.last_purchase_date as day, p.last_purchase_price as price where p.units is not null
         union all
         (select bought_on, price from ${etfPensionContributions} c
           where p.units is null and c.pension_id = p.id and c.units is not null
           order by c.date desc limit 1)
       ) as bought
       where p.id = any(${uuids(ids)})
    ),
    -- Many pensions bought on the same day: each price is looked up once.
    moved as materialized (
      select paid.*
        from (select distinct etf_id, day, price from last) as paid
        join ${etfPrices} e on e.etf_id = paid.etf_id and e.date = paid.day
       where greatest(e.close / paid.price, paid.price / e.close) > ${ratio}::numeric
    ),
    split as (select last.id from moved join last using (etf_id, day, price)),
    taken_back as (
      update ${etfPensionContributions} c set bought_on = null, price = null, fx_rate = null, units = null
        from split where c.pension_id = split.id and c.units is not null
    )
    select count(*)::integer as pensions from split`);
  return row?.pensions ?? 0;
}

/**
 * Stores the sum of units of pensions without one whose contributions all have units. Days after the last purchase are
 * valued with the sum and read no contributions.
 */
export async function sumUnits(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.execute(sql`
    update ${etfPensions} p set units = bought.units, last_purchase_date = bought.day, last_purchase_price = bought.price
      from ${etfPensions} unknown
     cross join lateral (
       select sum(c.units) as units, max(c.bought_on) as day,
              (array_agg(c.price order by c.bought_on desc, c.date desc, c.id desc))[1] as price
         from ${etfPensionContributions} c where c.pension_id = unknown.id
       having count(*) > 0 and bool_and(c.units is not null)
     ) as bought
     where unknown.id = any(${uuids(ids)}) and unknown.units is null and p.id = unknown.id`);
}

/** A contribution without units, with the first price on or after its date. Held contributions are left out. */
export interface WaitingContribution {
  readonly id: string;
  readonly etfId: number;
  readonly date: string;
  readonly amount: string;
  readonly currency: string;
  /** Null without such a price, and while the price of an earlier day is held back. */
  readonly next: { readonly date: string; readonly close: string } | null;
}

/** By id. @param after the id of the last one of the page before */
export async function waitingContributions(
  tx: Tx,
  ids: readonly string[],
  { after, limit }: { after: string; limit: number },
): Promise<WaitingContribution[]> {
  type Row = Omit<WaitingContribution, "next"> & { nextDate: string | null; nextClose: string | null };
  const rows = await tx.execute<Row & Record<string, unknown>>(sql`
    select c.id::text as id, p.etf_id::integer as "etfId", c.date::text as date, c.amount::text as amount, c.currency,
           next.date::text as "nextDate",
           case when not exists (
             select from ${heldPrices} where s.etf_id = p.etf_id and s.date >= c.date and s.date < next.date
           ) then next.close::text end as "nextClose"
      from ${etfPensionContributions} c
      join ${etfPensions} p on p.id = c.pension_id
      left join lateral (
        select date, close from ${etfPrices} where etf_id = p.etf_id and etf_prices.date >= c.date
         order by etf_prices.date limit 1
      ) as next on true
     where c.pension_id = any(${uuids(ids)}) and c.units is null and not c.is_held and c.id > ${after}::bigint
     order by c.id
     limit ${limit}`);
  return rows.map(({ nextDate, nextClose, ...contribution }) => ({
    ...contribution,
    next: nextDate !== null && nextClose !== null ? { date: nextDate, close: nextClose } : null,
  }));
}

export interface ContributionPurchase {
  readonly id: string;
  readonly boughtOn: string;
  readonly price: string;
  readonly rate: string;
  readonly units: string;
}

/** Stores purchases. A contribution with units stays unchanged. */
export async function storePurchases(tx: Tx, purchases: readonly ContributionPurchase[]): Promise<void> {
  if (purchases.length === 0) return;
  await tx.execute(sql`
    update ${etfPensionContributions} c
       set bought_on = bought.on_date, price = bought.price, fx_rate = bought.rate, units = bought.units
      from unnest(
        ${column(purchases.map(({ id }) => id))}::bigint[], ${column(purchases.map(({ boughtOn }) => boughtOn))}::date[],
        ${column(purchases.map(({ price }) => price))}::numeric[], ${column(purchases.map(({ rate }) => rate))}::numeric[],
        ${column(purchases.map(({ units }) => units))}::numeric[]) as bought(id, on_date, price, rate, units)
     where c.id = bought.id and c.units is null`);
}

/** What decides a day's value for every pension in that currency on that ETF, but for the units. */
export interface QuotedDay {
  readonly etfId: number;
  readonly currency: string;
  readonly date: string;
  readonly price: string | null;
  readonly rate: string | null;
  readonly pending: PendingReason | null;
  /** Decimals of the currency's smallest unit. */
  readonly digits: number;
}

export interface ValuedDays {
  /** Final days that were not there before. */
  readonly valued: number;
  /** Days that waited and are final now. */
  readonly completed: number;
  /** Days that wait now, and did not before or for another reason. */
  readonly waiting: number;
}

/**
 * Writes the values of quoted days for these pensions, in one statement: days that are not there are added, days that
 * wait are completed where they can be, final ones are not touched. The rule that it does by the set is `valueOf` in
 * shared/rules/portfolio/valuation.ts, which says how it rounds.
 */
export async function valueDays(tx: Tx, ids: readonly string[], days: readonly QuotedDay[]): Promise<ValuedDays> {
  if (days.length === 0) return { valued: 0, completed: 0, waiting: 0 };
  const [row] = await tx.execute<ValuedDays & Record<string, unknown>>(sql`
    with written as (
      insert into ${etfPensionValues} as stored (pension_id, date, units, price, fx_rate, value, state, reason)
      select p.id, day.date, case when not held.waits then held.units end, day.price, day.rate,
             case when why.reason is null then round(held.units * day.price * day.rate, day.digits) end,
             case when why.reason is null then 'final' else 'pending' end, why.reason
        from ${etfPensions} p
        join unnest(
          ${column(days.map(({ etfId }) => etfId))}::bigint[], ${column(days.map(({ currency }) => currency))}::text[],
          ${column(days.map(({ date }) => date))}::date[], ${column(days.map(({ price }) => price))}::numeric[],
          ${column(days.map(({ rate }) => rate))}::numeric[], ${column(days.map(({ pending }) => pending))}::text[],
          ${column(days.map(({ digits }) => digits))}::integer[]) as day(etf_id, currency, date, price, rate, pending, digits)
          on day.etf_id = p.etf_id and day.currency = p.currency
       cross join lateral (
         select p.units, false as waits where p.last_purchase_date <= day.date
         union all
         -- No row before the first contribution.
         -- Zero: a price of this day that came late finds contributions that bought on a later day.
         select coalesce(sum(c.units) filter (where c.bought_on <= day.date), 0), bool_or(c.units is null)
           from ${etfPensionContributions} c
          where (p.last_purchase_date <= day.date) is not true and c.pension_id = p.id and c.date <= day.date
         having count(*) > 0
       ) as held(units, waits)
       cross join lateral (select coalesce(day.pending, case when held.waits then 'contribution' end)) as why(reason)
       where p.id = any(${uuids(ids)})
         -- Without this a final row would stay unchanged too, but the conflict would lock it.
         and not exists (
           select from ${etfPensionValues} v where v.pension_id = p.id and v.date = day.date and v.state = 'final')
      on conflict (pension_id, date) do update
         set units = excluded.units, price = excluded.price, fx_rate = excluded.fx_rate, value = excluded.value,
             state = excluded.state, reason = excluded.reason
       where stored.state = 'pending'
         and (stored.units, stored.price, stored.fx_rate, stored.reason)
             is distinct from (excluded.units, excluded.price, excluded.fx_rate, excluded.reason)
      -- xmax is 0 for an inserted row.
      returning state, xmax = 0 as is_new
    )
    select count(*) filter (where state = 'final' and is_new)::integer as valued,
           count(*) filter (where state = 'final' and not is_new)::integer as completed,
           count(*) filter (where state = 'pending')::integer as waiting
      from written`);
  return row ?? { valued: 0, completed: 0, waiting: 0 };
}

/** Deletes pending days on which the exchange was closed. @returns the number of deleted days */
export async function dropClosedDays(
  tx: Tx,
  ids: readonly string[],
  closed: readonly { readonly etfId: number; readonly date: string }[],
): Promise<number> {
  if (closed.length === 0) return 0;
  const [row] = await tx.execute<{ dropped: number }>(sql`
    with dropped as (
      delete from ${etfPensionValues} v
       using ${etfPensions} p, unnest(
         ${column(closed.map(({ etfId }) => etfId))}::bigint[], ${column(closed.map(({ date }) => date))}::date[]) as day(etf_id, date)
       where p.id = any(${uuids(ids)}) and p.etf_id = day.etf_id
         and v.pension_id = p.id and v.date = day.date and v.state = 'pending'
      returning 1
    )
    select count(*)::integer as dropped from dropped`);
  return row?.dropped ?? 0;
}

/** An array literal of dates, codes and decimals, which need no quotes. */
function column(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? "NULL").join(",")}}`;
}

function uuids(ids: readonly string[]): SQL {
  return sql`${`{${ids.join(",")}}`}::uuid[]`;
}
