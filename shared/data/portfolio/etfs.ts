import { and, asc, count, eq, getTableColumns, gt, isNull, lt, ne, or, sql } from "drizzle-orm";
import { plainArray, textArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import { type Etf, etfPrices, etfs, type SeriesKind } from "./etf-schema.ts";

/** What a person says about an ETF; what is missing is taken from the provider. */
export interface NewEtf {
  readonly symbol: string;
  readonly isin?: string | undefined;
  readonly name?: string | undefined;
  readonly inUse?: boolean | undefined;
}

/** @returns undefined when there is one with that symbol already, which stays as it is */
export async function addEtf(tx: Executor, etf: NewEtf, now: Date): Promise<Etf | undefined> {
  const [added] = await tx
    .insert(etfs)
    .values({ ...etf, addedAt: now })
    .onConflictDoNothing({ target: etfs.symbol })
    .returning();
  return added;
}

export async function findEtf(db: Executor, symbol: string): Promise<Etf | undefined> {
  const [found] = await db.select().from(etfs).where(eq(etfs.symbol, symbol));
  return found;
}

/** The ETFs by their ids, and nobody else changes them or their prices until the transaction ends. */
export async function lockEtfs(tx: Tx, ids: readonly number[]): Promise<Map<number, Etf>> {
  const found = await tx
    .select()
    .from(etfs)
    .where(sql`${etfs.id} = any (${plainArray(ids)}::bigint[])`)
    // Whoever locks several takes them in the same order.
    .orderBy(asc(etfs.id))
    .for("update");
  const byId = new Map(found.map((etf) => [etf.id, etf]));
  const gone = ids.find((id) => !byId.has(id));
  if (gone !== undefined) throw new Error(`the ETF with id ${gone} is no longer there`);
  return byId;
}

export interface ListedEtf extends Etf {
  /** The day of its newest price; null when there is none. */
  readonly newestPrice: string | null;
}

/** By symbol. @param after the symbol after which the page begins */
export async function listEtfs(
  db: Executor,
  { after = "", limit }: { after?: string | undefined; limit: number },
): Promise<ListedEtf[]> {
  const newestPrice = sql<string | null>`(select max(p.date) from ${etfPrices} p where p.etf_id = ${etfs.id})::text`;
  return db
    .select({ ...getTableColumns(etfs), newestPrice })
    .from(etfs)
    .where(gt(etfs.symbol, after))
    .orderBy(asc(etfs.symbol))
    .limit(limit);
}

/** The ETFs in use that were not synchronised since `asOf`, by id: what is left of a run that is tried again. */
export async function etfsToSync(db: Executor, asOf: Date): Promise<Etf[]> {
  return db.select().from(etfs).where(isToSync(asOf)).orderBy(asc(etfs.id));
}

export async function countEtfsToSync(db: Executor, asOf: Date): Promise<number> {
  const [row] = await db.select({ etfs: count() }).from(etfs).where(isToSync(asOf));
  return row?.etfs ?? 0;
}

function isToSync(asOf: Date) {
  return and(eq(etfs.inUse, true), or(isNull(etfs.syncedAt), lt(etfs.syncedAt, asOf)));
}

/** Says whether the prices of an ETF are to be kept up to date. @returns whether that is new */
export async function setInUse(tx: Executor, id: number, inUse: boolean): Promise<boolean> {
  const changed = await tx
    .update(etfs)
    .set({ inUse })
    .where(and(eq(etfs.id, id), ne(etfs.inUse, inUse)))
    .returning({ id: etfs.id });
  return changed.length > 0;
}

/** What a provider told about an ETF together with its prices. */
export interface EtfFacts {
  readonly currency: string;
  readonly series: SeriesKind;
  readonly name: string | null;
  readonly exchange: string | null;
}

/** The prices of these ETFs are there as of that moment. A name that a person gave stays. */
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

/** The first prices of an ETF could not be fetched. One that has prices stays ready. */
export async function markFailed(tx: Executor, symbol: string): Promise<void> {
  await tx
    .update(etfs)
    .set({ state: "failed" })
    .where(and(eq(etfs.symbol, symbol), eq(etfs.state, "new")));
}
