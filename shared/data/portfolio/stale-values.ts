import { type SQL, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
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
    purchases: sql`p.etf_id = ${etfId} and c.bought_on < ${from}::date`,
    since: from,
    values: sql`false`,
  });
}

/** @param since the first day to reopen of pensions with such purchases. Default: the day of the first of them */
async function reopen(
  tx: Tx,
  { reason, at: now }: Reopening,
  { purchases, values, since }: { purchases: SQL; values: SQL; since?: string },
): Promise<Reopened> {
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
