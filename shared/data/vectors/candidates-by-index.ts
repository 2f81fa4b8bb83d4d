import { sql } from "drizzle-orm";
import { textArray } from "../array-literal.ts";
import type { Db, Tx } from "../client.ts";
import { halfvecText } from "./halfvec-text.ts";
import { indexTable } from "./index-table.ts";
import type { UsableIndex } from "./usable-index.ts";
import { indexChanges } from "./vectors-schema.ts";

/** Queries of one statement. */
const QUERIES = 100;
/** Changes that a search compares beside the index. With more of them it does not use the index. */
const MOST_CHANGES = 1_000;

/**
 * For each query the entities among which its nearest are: those that the index finds, and all that it does not have
 * yet. Undefined where these may be too few.
 * @param wanted so many are needed
 * @param most entities that the index finds for a query
 */
export async function candidatesByIndex(
  db: Db,
  index: UsableIndex,
  queries: readonly Float32Array[],
  { wanted, most }: { wanted: number; most: number },
): Promise<readonly (readonly number[] | undefined)[]> {
  const candidates: (readonly number[] | undefined)[] = [];
  for (let from = 0; from < queries.length; from += QUERIES) {
    const some = queries.slice(from, from + QUERIES);
    await db.transaction(async (tx) => {
      // Before the index: a change that is brought into it in between is a candidate twice, and none is missed.
      const changed = await changesOf(tx, index.id);
      if (!changed) {
        candidates.push(...some.map(() => undefined));
        return;
      }
      for (const found of await searches(tx, index, some, most)) {
        // What the index has of a changed entity may be deleted or replaced.
        const unchanged = found.filter((id) => !changed.has(id));
        candidates.push(unchanged.length < wanted ? undefined : [...unchanged, ...changed]);
      }
    });
  }
  return candidates;
}

/** The entities whose changes the index does not have; undefined when they are too many. */
async function changesOf(tx: Tx, indexId: number): Promise<ReadonlySet<number> | undefined> {
  const rows = await tx.execute<{ id: number }>(sql`
    select id::float8 as id from ${indexChanges} where index_id = ${indexId} limit ${MOST_CHANGES + 1}`);
  return rows.length > MOST_CHANGES ? undefined : new Set(rows.map(({ id }) => id));
}

/** The ids that the index finds for each query. */
async function searches(
  tx: Tx,
  { id, dimensions, efSearch }: UsableIndex,
  queries: readonly Float32Array[],
  most: number,
): Promise<readonly (readonly number[])[]> {
  // Without another way to the order the planner takes the index, whatever it estimates.
  await tx.execute(sql`
    select set_config('hnsw.ef_search', ${`${Math.max(efSearch, most)}`}, true),
           set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true)`);
  const type = sql.raw(`halfvec(${dimensions})`);
  const rows = await tx.execute<{ ids: string | null }>(sql`
    with query as materialized (
      select place, text::${type} as embedding
        from unnest(${textArray(queries.map(halfvecText))}::text[]) with ordinality as given(text, place)
    )
    select (select string_agg(id::text, ',')
              from (select id from ${indexTable(id)} order by embedding <=> query.embedding limit ${most}) as found) as ids
      from query order by place`);
  return rows.map(({ ids }) => ids?.split(",").map(Number) ?? []);
}
