import { sql } from "drizzle-orm";
import { bytesArray, plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";
import { bytesOf, vectorOf } from "./vector-bytes.ts";
import { codeOf } from "./vector-code.ts";
import { codes, items } from "./vectors-schema.ts";

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
  const sorted = rows.toSorted((a, b) => a.id - b.id);
  await tx.execute(sql`
    with given as (
      select * from unnest(${plainArray(sorted.map(({ id }) => id))}::bigint[],
                           ${bytesArray(sorted.map(({ contentHash }) => contentHash))},
                           ${bytesArray(sorted.map(({ vector }) => bytesOf(vector)))},
                           ${bytesArray(sorted.map(({ vector }) => codeOf(vector)))})
                 as given(id, content_hash, vector, code)
    ),
    stored as (
      insert into ${items} (kind, model, id, content_hash, vector)
      select ${kind}, ${model}, id, content_hash, vector from given
      on conflict (kind, model, id) do update set content_hash = excluded.content_hash, vector = excluded.vector
    )
    insert into ${codes} (kind, model, id, code) select ${kind}, ${model}, id, code from given
    on conflict (kind, model, id) do update set code = excluded.code`);
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
