import { type SQL, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import { etfs } from "./etf-schema.ts";
import { etfPensionContributions, etfPensions, etfPensionValueChanges, etfPensionValues } from "./pension-schema.ts";

/** Final days that became pending again, and the pensions that they belong to. */
export interface Reopened {
  readonly pensions: number;
  readonly days: number;
}

/** Why final values are computed again. */
export interface Reopening {
  /** Stored with each replaced value. */
  readonly reason: string;
  readonly at: Date;
}

/**
 * Reopens what used the closes of an ETF's days: purchases of these days buy again, and with them every later day of
 * their pensions; of other pensions only these days. The replaced values stay in etf_pension_value_changes.
 */
export async function reopenValuesOfPrices(
  tx: Tx,
  { etfId, dates, ...reopening }: Reopening & { readonly etfId: number; readonly dates: readonly string[] },
): Promise<Reopened> {
  if (dates.length === 0) return { pensions: 0, days: 0 };
  const wrong = sql`${plainArray(dates)}::date[]`;
  return reopen(tx, reopening, {
    pensions: sql`p.etf_id = ${etfId}`,
    purchases: sql`p.etf_id = ${etfId} and c.bought_on = any(${wrong})`,
    values: sql`p.etf_id = ${etfId} and v.date = any(${wrong})`,
  });
}

/**
 * Reopens the final days since the first one at the new scale of an ETF that was split, where units at the old scale
 * met prices at the new one. Purchases before it buy again, at the new scale.
 */
export async function reopenValuesSinceSplit(
  tx: Tx,
  { etfId, from, ...reopening }: Reopening & { readonly etfId: number; readonly from: string },
): Promise<Reopened> {
  return reopen(tx, reopening, {
    pensions: sql`p.etf_id = ${etfId}`,
    purchases: sql`p.etf_id = ${etfId} and c.bought_on < ${from}::date`,
    since: from,
    values: sql`false`,
  });
}

/**
 * Reopens what used a rate on the days on which it was in force: purchases of contributions of these days buy again,
 * and with them every later day of their pensions; of other pensions only these days.
 */
export async function reopenValuesOfRate(
  tx: Tx,
  { quote, from, to, ...reopening }: Reopening & { readonly quote: string; readonly from: string; readonly to: string },
): Promise<Reopened> {
  const inForce = sql`between ${from}::date and ${to}::date`;
  const needs = (currency: SQL) =>
    sql`(${currency} = ${quote}) <> ((select e.currency from ${etfs} e where e.id = p.etf_id) = ${quote})`;
  return reopen(tx, reopening, {
    pensions: sql`${needs(sql`p.currency`)} or exists (
      select from ${etfPensionContributions} c where c.pension_id = p.id and c.date ${inForce} and ${needs(sql`c.currency`)})`,
    purchases: sql`c.date ${inForce} and ${needs(sql`c.currency`)}`,
    values: sql`v.date ${inForce} and ${needs(sql`p.currency`)}`,
  });
}

/** Clears the purchase of a contribution, and reopens the final days of its pension since then. */
export async function reopenValuesOfContribution(
  tx: Tx,
  { contributionId, ...reopening }: Reopening & { readonly contributionId: number },
): Promise<Reopened> {
  return reopen(tx, reopening, {
    pensions: sql`p.id = (select c.pension_id from ${etfPensionContributions} c where c.id = ${contributionId})`,
    purchases: sql`c.id = ${contributionId}`,
    values: sql`false`,
  });
}

/**
 * @param pensions those that may have such purchases and values
 * @param since the first day to reopen of pensions with such purchases. Default: the day of the first of them
 */
async function reopen(
  tx: Tx,
  { reason, at: now }: Reopening,
  { pensions, purchases, values, since }: { pensions: SQL; purchases: SQL; values: SQL; since?: string },
): Promise<Reopened> {
  // A valuation that has read the old value commits first, so that the next statement sees what it wrote.
  await tx.execute(sql`select from ${etfPensions} p where ${pensions} order by p.id for update`);
  const [row] = await tx.execute<Reopened & Record<string, unknown>>(sql`
    with bought as materialized (
      select c.id, c.pension_id, c.bought_on
        from ${etfPensionContributions} c
        join ${etfPensions} p on p.id = c.pension_id
       where c.units is not null and ${purchases}
    ),
    undone as (
      update ${etfPensionContributions} c set bought_on = null, price = null, fx_rate = null, units = null
        from bought where c.id = bought.id
    ),
    stale as materialized (
      select v.pension_id, v.date, v.units, v.price, v.fx_rate, v.value
        from ${etfPensionValues} v
        join ${etfPensions} p on p.id = v.pension_id
       where v.state = 'final' and ${values}
       union
      select v.pension_id, v.date, v.units, v.price, v.fx_rate, v.value
        from (select pension_id, min(bought_on) as first from bought group by pension_id) as changed
        join ${etfPensionValues} v on v.pension_id = changed.pension_id
       where v.state = 'final' and v.date >= coalesce(${since ?? null}::date, changed.first)
    ),
    kept as (
      insert into ${etfPensionValueChanges} (pension_id, date, units, price, fx_rate, value, reason, changed_at)
      select pension_id, date, units, price, fx_rate, value, ${reason}, ${at(now)} from stale
    ),
    reopened as (
      update ${etfPensionValues} v set state = 'pending', reason = 'reopened', value = null
        from stale where v.pension_id = stale.pension_id and v.date = stale.date
      returning v.pension_id
    )
    select count(*)::integer as days, count(distinct pension_id)::integer as pensions from reopened`);
  return row ?? { pensions: 0, days: 0 };
}
