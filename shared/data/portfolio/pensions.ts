import { and, asc, count, eq, gte, lte, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { etfs, type EtfState, type SeriesKind } from "./etf-schema.ts";
import {
  etfPensionContributions,
  etfPensions,
  etfPensionValueChanges,
  etfPensionValues,
  type PendingReason,
  type Pension,
  type PensionContribution,
  type PensionState,
  type PensionValueChange,
} from "./pension-schema.ts";

export type NewPension = Pick<Pension, "id" | "etfId" | "name" | "currency" | "createdAt">;
export type NewContribution = Pick<PensionContribution, "reference" | "date" | "amount" | "currency">;

export async function insertPension(tx: Tx, pension: NewPension): Promise<void> {
  await tx.insert(etfPensions).values(pension);
}

/** @returns the stored contributions, in their order */
export async function insertContributions(
  tx: Tx,
  pensionId: string,
  contributions: readonly (NewContribution & { readonly isHeld?: boolean })[],
): Promise<PensionContribution[]> {
  if (contributions.length === 0) return [];
  return tx
    .insert(etfPensionContributions)
    .values(contributions.map((one) => ({ ...one, pensionId })))
    .returning();
}

/** Lets a held contribution buy units. */
export async function releaseContribution(tx: Tx, id: number): Promise<void> {
  await tx.update(etfPensionContributions).set({ isHeld: false }).where(eq(etfPensionContributions.id, id));
}

/** Holds a contribution back that has no units. */
export async function holdContribution(tx: Tx, id: number): Promise<void> {
  await tx.update(etfPensionContributions).set({ isHeld: true }).where(eq(etfPensionContributions.id, id));
}

export async function deleteContribution(tx: Tx, id: number): Promise<void> {
  await tx.delete(etfPensionContributions).where(eq(etfPensionContributions.id, id));
}

export async function countPensionsOn(db: Executor, etfId: number): Promise<number> {
  const [row] = await db.select({ pensions: count() }).from(etfPensions).where(eq(etfPensions.etfId, etfId));
  return row?.pensions ?? 0;
}

/** Oldest first. */
export async function listContributions(db: Executor, pensionId: string): Promise<PensionContribution[]> {
  return db
    .select()
    .from(etfPensionContributions)
    .where(eq(etfPensionContributions.pensionId, pensionId))
    .orderBy(asc(etfPensionContributions.date), asc(etfPensionContributions.id));
}

/** A pension with its last valued day. */
export interface PensionSummary {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly state: PensionState;
  readonly etf: {
    readonly symbol: string;
    readonly currency: string | null;
    readonly state: EtfState;
    readonly series: SeriesKind | null;
  };
  readonly latest: { readonly date: string; readonly units: string; readonly value: string } | null;
  readonly pendingDays: number;
}

/** Newest first. */
export async function listPensions(
  db: Executor,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<PensionSummary[]> {
  const rows = await db.execute<PensionSummary & Record<string, unknown>>(sql`
    ${summary} where p.id < ${before ?? "ffffffff-ffff-ffff-ffff-ffffffffffff"}::uuid order by p.id desc limit ${limit}`);
  return [...rows];
}

export async function pensionExists(db: Executor, id: string): Promise<boolean> {
  const found = await db.select({ id: etfPensions.id }).from(etfPensions).where(eq(etfPensions.id, id));
  return found.length > 0;
}

export async function findPension(db: Executor, id: string): Promise<PensionSummary | undefined> {
  const [row] = await db.execute<PensionSummary & Record<string, unknown>>(sql`${summary} where p.id = ${id}::uuid`);
  return row;
}

const summary = sql`
  select p.id, p.name, p.currency, p.state,
         jsonb_build_object('symbol', e.symbol, 'currency', e.currency, 'state', e.state, 'series', e.series) as etf,
         (select jsonb_build_object('date', v.date, 'units', v.units::text, 'value', v.value::text)
            from ${etfPensionValues} v where v.pension_id = p.id and v.state = 'final'
           order by v.date desc limit 1) as latest,
         (select count(*)::integer from ${etfPensionValues} v
           where v.pension_id = p.id and v.state = 'pending') as "pendingDays"
    from ${etfPensions} p join ${etfs} e on e.id = p.etf_id`;

/** Pending days of one pension with the same reason. */
export interface PendingDays {
  readonly reason: PendingReason;
  readonly days: number;
  readonly first: string;
  readonly last: string;
}

export async function pendingDays(db: Executor, pensionId: string): Promise<PendingDays[]> {
  const rows = await db.execute<PendingDays & Record<string, unknown>>(sql`
    select reason, count(*)::integer as days, min(date)::text as first, max(date)::text as last
      from ${etfPensionValues} where pension_id = ${pensionId}::uuid and state = 'pending'
     group by reason order by min(date)`);
  return [...rows];
}

/** One day of a pension; unknown fields are null. */
export interface DayValue {
  readonly date: string;
  readonly units: string | null;
  readonly price: string | null;
  readonly fxRate: string | null;
  readonly value: string | null;
  readonly state: "final" | "pending";
  readonly reason: PendingReason | null;
}

/** Days of a range, both ends included, oldest first. */
export async function listValues(
  db: Executor,
  pensionId: string,
  { from, to, limit }: { from?: string | undefined; to?: string | undefined; limit: number },
): Promise<DayValue[]> {
  const rows = await db.execute<DayValue & Record<string, unknown>>(sql`
    select v.date::text as date, units::text as units, price::text as price, fx_rate::text as "fxRate",
           value::text as value, state, reason
      from ${etfPensionValues} v
     where pension_id = ${pensionId}::uuid
       and v.date between ${from ?? "-infinity"}::date and ${to ?? "infinity"}::date
     order by v.date limit ${limit}`);
  return [...rows];
}

/** The replaced final values of a range, both ends included, oldest first; at most 5,000. */
export async function listReplacedValues(
  db: Executor,
  pensionId: string,
  { from, to }: { from?: string | undefined; to?: string | undefined },
): Promise<Omit<PensionValueChange, "id" | "pensionId">[]> {
  const { date, units, price, fxRate, value, reason, changedAt } = etfPensionValueChanges;
  return db
    .select({ date, units, price, fxRate, value, reason, changedAt })
    .from(etfPensionValueChanges)
    .where(
      and(
        eq(etfPensionValueChanges.pensionId, pensionId),
        from === undefined ? undefined : gte(date, from),
        to === undefined ? undefined : lte(date, to),
      ),
    )
    .orderBy(asc(date), asc(etfPensionValueChanges.id))
    .limit(5_000);
}

/** Final days that a retroactive change would affect. */
export interface FinalDays {
  readonly days: number;
  readonly first: string;
  readonly last: string;
  /** Of the last day. */
  readonly value: string;
}

/** The final days since a date. @returns null without any */
export async function finalDaysSince(tx: Executor, pensionId: string, date: string): Promise<FinalDays | null> {
  const [row] = await tx.execute<FinalDays & Record<string, unknown>>(sql`
    select count(*)::integer as days, min(v.date)::text as first, max(v.date)::text as last,
           (array_agg(v.value::text order by v.date desc))[1] as value
      from ${etfPensionValues} v
     where pension_id = ${pensionId}::uuid and state = 'final' and v.date >= ${date}::date`);
  return row && row.days > 0 ? row : null;
}

/** Reopens the final days since a date until the next valuation. The caller audits it. */
export async function reopenDays(tx: Tx, pensionId: string, date: string): Promise<void> {
  await tx.execute(sql`
    update ${etfPensionValues} v set state = 'pending', reason = 'reopened', value = null
     where pension_id = ${pensionId}::uuid and state = 'final' and v.date >= ${date}::date`);
}

/** Clears purchases since a date: the contributions buy again. */
export async function reopenPurchases(tx: Tx, pensionId: string, date: string): Promise<void> {
  await tx.execute(sql`
    update ${etfPensionContributions} set bought_on = null, price = null, fx_rate = null, units = null
     where pension_id = ${pensionId}::uuid and bought_on >= ${date}::date`);
}
