import { sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import { etfPrices, etfs } from "./etf-schema.ts";
import { suspectPoints } from "./suspect-schema.ts";

/**
 * Days before the newest price that are not searched: each synchronisation fetches them again, and a source may publish
 * them late.
 */
const RECENT_DAYS = 7;

/**
 * The first weekday of each ETF that has neither a price nor the note that the exchange was closed. ETFs without such a
 * gap are left out.
 */
export async function firstGaps(db: Executor, etfIds: readonly number[]): Promise<Map<number, string>> {
  const rows = await db.execute<{ etfId: number; gap: string }>(sql`
    with searched as (
      select e.id, e.closed_days, range.first, range.newest - ${RECENT_DAYS}::integer as last
        from ${etfs} e
       cross join lateral (select min(p.date) as first, max(p.date) as newest from ${etfPrices} p where p.etf_id = e.id) as range
       where e.id = any(${plainArray(etfIds)}::bigint[]) and range.first is not null
    ),
    -- Counting is cheap: only an ETF whose days do not add up is searched day by day.
    doubtful as (
      select s.* from searched s
       cross join lateral (
         select count(*) as days from ${etfPrices} p
          where p.etf_id = s.id and p.date between s.first and s.last and extract(isodow from p.date) < 6
       ) as stored
       where stored.days + (select count(*) from unnest(s.closed_days) as closed(day) where day between s.first and s.last)
             <> ${weekdaysUntil(sql`s.last`)} - ${weekdaysUntil(sql`s.first - 1`)}
    )
    select d.id::integer as "etfId", gap.day::text as gap
      from doubtful d
     cross join lateral (
       select min(day)::date as day from generate_series(d.first, d.last, interval '1 day') as day
        where extract(isodow from day) < 6 and day::date <> all(d.closed_days)
          and not exists (select from ${etfPrices} p where p.etf_id = d.id and p.date = day::date)
     ) as gap
     where gap.day is not null`);
  return new Map(rows.map(({ etfId, gap }) => [etfId, gap]));
}

/** Weekdays from Monday 1970-01-05 until a date, which is not before it. */
function weekdaysUntil(date: ReturnType<typeof sql>) {
  const days = sql`(${date} - date '1970-01-04')`;
  return sql`(${days} / 7 * 5 + least(${days} % 7, 5))`;
}

/** A part of a series that a source has answered. */
export interface AnsweredRange {
  readonly etfId: number;
  /** The first day that was asked for; null when all were. */
  readonly from: string | null;
  /** The first and the last day of the answer. */
  readonly first: string;
  readonly last: string;
}

/**
 * Notes the weekdays of answered ranges for which the source has no price. Call it after the prices of the answers are
 * stored, in the same transaction. A day that is held back as implausible is noted too: it is no gap.
 */
export async function noteClosedDays(tx: Tx, answers: readonly AnsweredRange[]): Promise<void> {
  if (answers.length === 0) return;
  await tx.execute(sql`
    with answer as (
      select id, coalesce(asked, first) as first, last - ${RECENT_DAYS}::integer as last
        from unnest(
          ${plainArray(answers.map(({ etfId }) => etfId))}::bigint[], ${plainArray(answers.map(({ from }) => from))}::date[],
          ${plainArray(answers.map(({ first }) => first))}::date[], ${plainArray(answers.map(({ last }) => last))}::date[]
        ) as answer(id, asked, first, last)
    )
    update ${etfs} e set closed_days = noted.days
      from answer a
     cross join lateral (
       select array(
         select day from (
           select day from ${etfs} other cross join unnest(other.closed_days) as known(day)
            where other.id = a.id and day not between a.first and a.last
           union
           select day::date from generate_series(a.first, a.last, interval '1 day') as day
            where extract(isodow from day) < 6
              and not exists (select from ${etfPrices} p where p.etf_id = a.id and p.date = day::date)
         ) as closed order by day
       ) as days
     ) as noted
     where e.id = a.id and e.closed_days <> noted.days`);
}

/** The ETFs that have no price of their day, neither stored nor held back. */
export async function withoutPriceOf(
  db: Executor,
  days: readonly { readonly etfId: number; readonly day: string }[],
): Promise<Set<number>> {
  const rows = await db.execute<{ etfId: number }>(sql`
    select wanted.id::integer as "etfId"
      from unnest(
        ${plainArray(days.map(({ etfId }) => etfId))}::bigint[], ${plainArray(days.map(({ day }) => day))}::date[]
      ) as wanted(id, day)
     where not exists (select from ${etfPrices} p where p.etf_id = wanted.id and p.date = wanted.day)
       and not exists (select from ${suspectPoints} s where s.etf_id = wanted.id and s.date = wanted.day)`);
  return new Set(rows.map(({ etfId }) => etfId));
}
