import { and, eq, sql } from "drizzle-orm";
import { plainArray, textArray } from "../array-literal.ts";
import type { Db, Executor, Tx } from "../client.ts";
import { halfvecText } from "./halfvec-text.ts";
import { indexTable } from "./index-table.ts";
import { type VectorSet, vectorsOf } from "./vector-items.ts";
import { indexChanges, indexes, items } from "./vectors-schema.ts";

export type VectorIndex = typeof indexes.$inferSelect;

/** Of an index: what is needed to bring vectors into it. */
export type IndexedSet = VectorSet & Pick<VectorIndex, "id" | "dimensions">;

/** Seconds that the start of an index waits for transactions that write vectors; later ones wait for it. */
const LOCK_LIMIT_S = 5;

/** The index of a set, in any state. */
export async function indexOf(db: Db, { kind, model }: VectorSet): Promise<VectorIndex | undefined> {
  const [index] = await db
    .select()
    .from(indexes)
    .where(and(eq(indexes.kind, kind), eq(indexes.model, model)));
  return index;
}

/** Starts the index of a set: from its commit on, each change of the set's vectors is noted for it. */
export async function startIndex(
  tx: Tx,
  { kind, model }: VectorSet,
  { dimensions, now }: { dimensions: number; now: Date },
): Promise<VectorIndex> {
  await tx.execute(sql.raw(`set local lock_timeout = '${LOCK_LIMIT_S}s'`));
  // A transaction that is writing now notes nothing: its vectors are committed before the index is filled.
  await tx.execute(sql`lock table ${items} in share row exclusive mode`);
  const [index] = await tx.insert(indexes).values({ kind, model, dimensions, changedAt: now }).returning();
  // A crash may have left the table of an earlier index with the same number.
  await tx.execute(sql`drop table if exists ${indexTable(index!.id)}`);
  await tx.execute(sql`
    create unlogged table ${indexTable(index!.id)} (
      id bigint primary key, embedding halfvec(${sql.raw(String(dimensions))}) not null)`);
  return index!;
}

/**
 * Locks an index for what follows in the transaction, so that an older vector never replaces a newer one.
 * @returns false when it is gone
 */
export async function lockIndex(tx: Tx, { id }: { readonly id: number }): Promise<boolean> {
  const rows = await tx.execute(sql`select from ${indexes} where id = ${id} for no key update`);
  return rows.length > 0;
}

/** Adds the next vectors of the set by ascending ids. The index is locked. @returns how many */
export async function fillIndex(tx: Tx, index: IndexedSet, limit: number): Promise<number> {
  const { kind, model } = index;
  const rows = await tx.execute<{ id: number }>(sql`
    select id::float8 as id from ${items}
     where kind = ${kind} and model = ${model} and id > (select coalesce(max(id), 0) from ${indexTable(index.id)})
     order by id limit ${limit}`);
  const ids = rows.map(({ id }) => id);
  await addVectors(tx, index, await vectorsOf(tx, index, ids));
  return ids.length;
}

/** Brings the oldest noted changes into the index, which is locked. @returns how many */
export async function applyChanges(tx: Tx, index: IndexedSet, limit: number): Promise<number> {
  const noted = await tx.execute<{ id: number }>(sql`
    delete from ${indexChanges} where seq = any (array(
      select seq from ${indexChanges} where index_id = ${index.id} order by seq limit ${limit}))
    returning id::float8 as id`);
  const ids = [...new Set(noted.map(({ id }) => id))];
  const vectors = await vectorsOf(tx, index, ids);
  const deleted = ids.filter((id) => !vectors.has(id));
  await tx.execute(sql`
    delete from ${indexTable(index.id)} where id = any(${plainArray(deleted)}::bigint[])`);
  await addVectors(tx, index, vectors);
  await tx.execute(sql`update ${indexes} set changed_since = changed_since + ${ids.length} where id = ${index.id}`);
  return noted.length;
}

async function addVectors(tx: Tx, { id, dimensions }: IndexedSet, vectors: ReadonlyMap<number, Float32Array>) {
  if (vectors.size === 0) return;
  await tx.execute(sql`
    insert into ${indexTable(id)} (id, embedding)
    select id, text::halfvec(${sql.raw(String(dimensions))})
      from unnest(${plainArray([...vectors.keys()])}::bigint[],
                  ${textArray([...vectors.values()].map(halfvecText))}::text[]) as given(id, text)
    on conflict (id) do update set embedding = excluded.embedding`);
}

/**
 * Notes each vector that only one of the set and its index has, although no change is noted for it. While the triggers
 * are enabled there is none. The index is locked.
 * @returns how many
 */
export async function noteMissing(tx: Tx, { id, kind, model }: IndexedSet): Promise<number> {
  const noted = await tx.execute(sql`
    insert into ${indexChanges} (index_id, id)
    select ${id}::bigint, coalesce(item.id, indexed.id)
      from (select id from ${items} where kind = ${kind} and model = ${model}) as item
      full join ${indexTable(id)} as indexed on indexed.id = item.id
     where (item.id is null or indexed.id is null)
       and not exists (select from ${indexChanges} as change
                        where change.index_id = ${id} and change.id = coalesce(item.id, indexed.id))`);
  return noted.count;
}

/** Whether the graph of an index is built. */
export async function hasGraph(db: Executor, { id }: { readonly id: number }): Promise<boolean> {
  const rows = await db.execute(sql`
    select from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am on pg_am.oid = c.relam
     where i.indrelid = ${`vectors.index_${id}`}::regclass and amname = 'hnsw' and indisvalid`);
  return rows.length > 0;
}

/**
 * Builds the graph from all vectors of an index, which is locked: changes are noted meanwhile, and searches compare all
 * vectors. A graph that does not fit into the memory takes several times as long.
 */
export async function buildGraph(tx: Tx, { id }: { readonly id: number }, memoryMb: number): Promise<void> {
  await tx.execute(sql`select set_config('maintenance_work_mem', ${`${memoryMb}MB`}, true)`);
  await tx.execute(sql`create index on ${indexTable(id)} using hnsw (embedding halfvec_cosine_ops)`);
}

/** What a measurement found. */
export interface Measured {
  readonly efSearch: number;
  readonly recall: number;
  readonly sampled: number;
  readonly vectors: number;
}

/** Lets searches use an index. It is locked. */
export async function useIndex(tx: Tx, id: number, measured: Measured, now: Date): Promise<void> {
  await tx
    .update(indexes)
    .set({ state: "ready", ...columnsOf(measured, now) })
    .where(eq(indexes.id, id));
}

/** Drops an index that finds too few, and keeps its figures. It is locked. */
export async function rejectIndex(tx: Tx, id: number, measured: Measured, now: Date): Promise<void> {
  await dropTable(tx, id);
  await tx
    .update(indexes)
    .set({ state: "rejected", ...columnsOf(measured, now) })
    .where(eq(indexes.id, id));
}

function columnsOf({ efSearch, recall, sampled, vectors }: Measured, now: Date) {
  return { efSearch, recall, sampled, measuredVectors: vectors, measuredAt: now, changedSince: 0, changedAt: now };
}

/** Keeps searches from using an index that is ready, until it is measured again. */
export async function suspendIndex(tx: Tx, id: number): Promise<void> {
  await tx.update(indexes).set({ state: "filling" }).where(eq(indexes.id, id));
}

/** Records why the index of a set cannot be made, and drops what there is of it. */
export async function failIndex(
  tx: Tx,
  { kind, model }: VectorSet,
  { dimensions, error, now }: { dimensions: number; error: string; now: Date },
): Promise<void> {
  const [index] = await tx
    .insert(indexes)
    .values({ kind, model, dimensions, state: "failed", error, changedAt: now })
    .onConflictDoUpdate({ target: [indexes.kind, indexes.model], set: { state: "failed", error, changedAt: now } })
    .returning({ id: indexes.id });
  await dropTable(tx, index!.id);
}

/** Deletes an index with its table. */
export async function deleteIndex(tx: Tx, id: number): Promise<void> {
  await dropTable(tx, id);
  await tx.delete(indexes).where(eq(indexes.id, id));
}

async function dropTable(tx: Tx, id: number): Promise<void> {
  await tx.execute(sql`drop table if exists ${indexTable(id)}`);
  await tx.execute(sql`delete from ${indexChanges} where index_id = ${id}`);
}

/** Deletes the indexes of other models than this one, and what a crash or an interrupted writer has left. */
export async function deleteOtherIndexes(tx: Tx, model: string | null): Promise<void> {
  const others = await tx.execute<{ id: number }>(sql`
    select id::float8 as id from ${indexes} where model is distinct from ${model}::text`);
  for (const { id } of others) await deleteIndex(tx, id);
  await tx.execute(sql`
    delete from ${indexChanges}
     where index_id not in (select id from ${indexes} where state in ('filling', 'ready'))`);
  const leftovers = await tx.execute<{ id: number }>(sql`
    select substring(relname from 7)::float8 as id from pg_class
     where relnamespace = 'vectors'::regnamespace and relkind = 'r' and relname ~ '^index_[0-9]+$'
       and substring(relname from 7)::bigint not in (select id from ${indexes} where state in ('filling', 'ready'))`);
  for (const { id } of leftovers) await dropTable(tx, id);
}

/** The number of a set's vectors. */
export async function countVectors(db: Executor, { kind, model }: VectorSet): Promise<number> {
  const [row] = await db.execute<{ count: number }>(sql`
    select count(*)::float8 as count from ${items} where kind = ${kind} and model = ${model}`);
  return row!.count;
}

/** The noted changes that an index does not have yet. */
export async function countChanges(db: Db, indexId: number): Promise<number> {
  return db.$count(indexChanges, eq(indexChanges.indexId, indexId));
}
