import { sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";
import { bytesOf, vectorOf } from "./vector-bytes.ts";
import { items } from "./vectors-schema.ts";

/** Vectors that may be compared: those of one kind of entity, made by one model. */
export interface VectorSet {
  readonly kind: string;
  readonly model: string;
}

/** An entity's vector, with the hash of the text that it is of. */
export interface VectorRow {
  readonly id: number;
  readonly contentHash: Buffer;
  readonly vector: Float32Array;
}

/** Adds vectors of entities, or replaces them. */
export async function storeVectors(tx: Executor, { kind, model }: VectorSet, rows: readonly VectorRow[]) {
  if (rows.length === 0) return;
  // In the order of ids: two writers of the same entities wait for each other instead of deadlocking.
  const values = rows
    .toSorted((a, b) => a.id - b.id)
    .map(({ id, contentHash, vector }) => ({ kind, model, id, contentHash, vector: bytesOf(vector) }));
  await tx
    .insert(items)
    .values(values)
    .onConflictDoUpdate({
      target: [items.kind, items.model, items.id],
      set: { contentHash: sql`excluded.content_hash`, vector: sql`excluded.vector` },
    });
}

/** Removes the vectors of entities, those of every model. */
export async function removeVectors(tx: Executor, kind: string, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute(sql`
    delete from ${items} where kind = ${kind} and id = any(${plainArray(ids)}::bigint[])`);
}

/** The vectors of entities by their ids. Entities without one are left out. */
export async function vectorsOf(
  db: Executor,
  { kind, model }: VectorSet,
  ids: readonly number[],
): Promise<ReadonlyMap<number, Float32Array>> {
  if (ids.length === 0) return new Map();
  const rows = await db.execute<{ id: string; vector: Buffer }>(sql`
    select id, vector from ${items}
     where kind = ${kind} and model = ${model} and id = any(${plainArray(ids)}::bigint[])`);
  return new Map(rows.map(({ id, vector }) => [Number(id), vectorOf(vector)]));
}
