import { sql } from "drizzle-orm";
import { bytesArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import { bytesOf, vectorOf } from "./vector-bytes.ts";
import { cachedEmbeddings } from "./vectors-schema.ts";

/** The cached vectors of texts, by the hash in hexadecimal. Notes their use. */
export async function cachedVectors(
  db: Executor,
  model: string,
  hashes: readonly Buffer[],
): Promise<Map<string, Float32Array>> {
  if (hashes.length === 0) return new Map();
  const wanted = sql`model = ${model} and content_hash = any(${bytesArray(hashes)})`;
  // The use is exact to a day, so that reading seldom writes. A locked row's use is being noted by another reader.
  const rows = await db.execute<{ hash: string; vector: Buffer }>(sql`
    with stale as (
      select content_hash from ${cachedEmbeddings}
       where ${wanted} and used_at < now() - interval '1 day' order by content_hash for update skip locked
    ),
    noted as (
      update ${cachedEmbeddings} set used_at = now()
       where model = ${model} and content_hash in (select content_hash from stale)
    )
    select encode(content_hash, 'hex') as hash, vector from ${cachedEmbeddings} where ${wanted}`);
  return new Map(rows.map(({ hash, vector }) => [hash, vectorOf(vector)]));
}

/** Caches the vectors of texts. A text that another process has cached meanwhile keeps that vector. */
export async function cacheVectors(
  db: Executor,
  model: string,
  rows: readonly { readonly contentHash: Buffer; readonly vector: Float32Array }[],
): Promise<void> {
  if (rows.length === 0) return;
  // In the order of hashes: two writers of the same texts wait for each other instead of deadlocking.
  const values = rows
    .toSorted((a, b) => a.contentHash.compare(b.contentHash))
    .map(({ contentHash, vector }) => ({ model, contentHash, vector: bytesOf(vector), usedAt: sql`now()` }));
  await db.insert(cachedEmbeddings).values(values).onConflictDoNothing();
}

/** Deletes embeddings that no text has used since an instant, at most `limit`. @returns how many */
export async function deleteUnusedEmbeddings(tx: Tx, since: Date, limit: number): Promise<number> {
  const deleted = await tx.execute(sql`
    delete from ${cachedEmbeddings} where ctid = any (array(
      select ctid from ${cachedEmbeddings}
       where used_at < ${at(since)} order by used_at limit ${limit} for update skip locked))`);
  return deleted.count;
}
