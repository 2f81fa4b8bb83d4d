import { sql } from "drizzle-orm";
import type { Db } from "../client.ts";
import { candidatesByIndex } from "./candidates-by-index.ts";
import { compareCandidates } from "./compare-candidates.ts";
import { MEASURED_NEIGHBOURS, nearestByScan, SPARE } from "./nearest.ts";
import type { VectorSet } from "./vector-items.ts";
import { vectorsOf } from "./vector-items.ts";
import { items } from "./vectors-schema.ts";

/** A search by a vector, and the lowest similarity of its true nearest. */
export interface SampleSearch {
  readonly query: Float32Array;
  readonly lowest: number;
}

/** How similar the vector of a sample search is to a stored one. */
const SIMILARITY = 0.9;

/**
 * Searches of random vectors of a set, each a little beside a stored one, as the vector of a proposal is, with what a
 * comparison of all vectors finds for them.
 */
export async function sampleSearches(db: Db, set: VectorSet, count: number): Promise<readonly SampleSearch[]> {
  const { kind, model } = set;
  const rows = await db.execute<{ id: number }>(sql`
    select id::float8 as id from ${items} where kind = ${kind} and model = ${model} order by random() limit ${count}`);
  const ids = rows.map(({ id }) => id);
  const queries = [...(await vectorsOf(db, set, ids)).values()].map(beside);
  const found = await nearestByScan(db, set, queries, MEASURED_NEIGHBOURS);
  return queries.map((query, i) => ({ query, lowest: found[i]!.at(-1)?.similarity ?? 1 }));
}

/** The share of the true nearest of sample searches that an index finds. */
export async function recallOf(
  db: Db,
  set: VectorSet,
  searches: readonly SampleSearch[],
  index: { readonly id: number; readonly dimensions: number; readonly efSearch: number },
): Promise<number> {
  const k = MEASURED_NEIGHBOURS;
  const queries = searches.map(({ query }) => query);
  const chosen = await candidatesByIndex(db, index, queries, { wanted: k, most: k + SPARE });
  const found = await compareCandidates(db, set, { queries, candidates: chosen.map((ids) => ids ?? []), k });
  const hits = found.flatMap((neighbours, i) =>
    neighbours.filter(({ similarity }) => similarity >= searches[i]!.lowest),
  );
  return hits.length / (searches.length * k);
}

/** A random vector of length 1 with this cosine to the given one. */
function beside(vector: Float32Array): Float32Array {
  const random = vector.map(() => Math.random() + Math.random() + Math.random() - 1.5);
  const along = random.reduce((sum, value, d) => sum + value * vector[d]!, 0);
  const across = random.map((value, d) => value - along * vector[d]!);
  const length = Math.hypot(...across);
  const share = Math.sqrt(1 - SIMILARITY ** 2) / length;
  return vector.map((value, d) => SIMILARITY * value + share * across[d]!);
}
