import { and, asc, count, eq, getTableColumns, gt, ne, sql } from "drizzle-orm";
import { plainArray, textArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import { type Etf, etfPrices, etfs, type SeriesKind } from "./etf-schema.ts";

/** An ETF as requested. The provider supplies missing fields. */
export interface NewEtf {
  readonly symbol: string;
  readonly isin?: string | undefined;
  readonly name?: string | undefined;
  readonly inUse?: boolean | undefined;
}

/** @returns undefined when the symbol exists; that ETF stays unchanged */
export async function addEtf(tx: Executor, etf: NewEtf, now: Date): Promise<Etf | undefined> {
  const [added] = await tx
    .insert(etfs)
    .values({ ...etf, addedAt: now })
    .onConflictDoNothing({ target: etfs.symbol })
    .returning();
  return added;
}

/** Deletes an ETF without prices and pensions. */
export async function deleteEtf(tx: Tx, id: number): Promise<void> {
  await tx.delete(etfs).where(eq(etfs.id, id));
}

export async function findEtf(db: Executor, symbol: string): Promise<Etf | undefined> {
  const [found] = await db.select().from(etfs).where(eq(etfs.symbol, symbol));
  return found;
}

/** Locks ETFs, and so their prices, until the transaction ends. @returns the ETFs by id */
export async function lockEtfs(tx: Tx, ids: readonly number[]): Promise<Map<number, Etf>> {
  const found = await tx
    .select()
    .from(etfs)
    .where(sql`${etfs.id} = any (${plainArray(ids)}::bigint[])`)
    // One lock order for all transactions.
    .orderBy(asc(etfs.id))
    .for("update");
  const byId = new Map(found.map((etf) => [etf.id, etf]));
  const gone = ids.find((id) => !byId.has(id));
  if (gone !== undefined) throw new Error(`the ETF with id ${gone} is no longer there`);
  return byId;
}

export interface ListedEtf extends Omit<Etf, "closedDays"> {
  /** The day of the newest price; null without prices. */
  readonly newestPrice: string | null;
}

/** By symbol. @param after the symbol after which the page begins */
export async function listEtfs(
  db: Executor,
  { after = "", limit }: { after?: string | undefined; limit: number },
): Promise<ListedEtf[]> {
  const newestPrice = sql<string | null>`(select max(p.date) from ${etfPrices} p where p.etf_id = ${etfs.id})::text`;
  const { closedDays: _, ...columns } = getTableColumns(etfs);
  return db
    .select({ ...columns, newestPrice })
    .from(etfs)
    .where(gt(etfs.symbol, after))
    .orderBy(asc(etfs.symbol))
    .limit(limit);
}

/** The ETFs that the synchronisation updates, by id. */
export async function etfsInUse(db: Executor): Promise<Etf[]> {
  return db.select().from(etfs).where(eq(etfs.inUse, true)).orderBy(asc(etfs.id));
}

export async function countEtfsInUse(db: Executor): Promise<number> {
  const [row] = await db.select({ etfs: count() }).from(etfs).where(eq(etfs.inUse, true));
  return row?.etfs ?? 0;
}

/** Sets whether the synchronisation updates the ETF. @returns whether the value changed */
export async function setInUse(tx: Executor, id: number, inUse: boolean): Promise<boolean> {
  const changed = await tx
    .update(etfs)
    .set({ inUse })
    .where(and(eq(etfs.id, id), ne(etfs.inUse, inUse)))
    .returning({ id: etfs.id });
  return changed.length > 0;
}

/** Facts about an ETF that a provider returns with the prices. */
export interface EtfFacts {
  readonly currency: string;
  readonly series: SeriesKind;
  readonly name: string | null;
  readonly exchange: string | null;
}

/** Marks ETFs as ready with prices as of an instant. A given name stays. */
export async function markReady(
  tx: Executor,
  ready: readonly (EtfFacts & { readonly etfId: number })[],
  asOf: Date,
): Promise<void> {
  if (ready.length === 0) return;
  await tx.execute(sql`
    update ${etfs} e
       set currency = ready.currency, series = ready.series, state = 'ready', synced_at = ${asOf.toISOString()}::timestamptz,
           name = coalesce(e.name, ready.name), exchange = coalesce(e.exchange, ready.exchange)
      from unnest(
        ${plainArray(ready.map(({ etfId }) => etfId))}::bigint[], ${plainArray(ready.map(({ currency }) => currency))},
        ${plainArray(ready.map(({ series }) => series))}, ${textArray(ready.map(({ name }) => name))}::text[],
        ${textArray(ready.map(({ exchange }) => exchange))}::text[]
      ) as ready(id, currency, series, name, exchange)
     where e.id = ready.id`);
}

/** Marks a new ETF as failed. An ETF with prices stays ready. */
export async function markFailed(tx: Executor, symbol: string): Promise<void> {
  await tx
    .update(etfs)
    .set({ state: "failed" })
    .where(and(eq(etfs.symbol, symbol), eq(etfs.state, "new")));
}
