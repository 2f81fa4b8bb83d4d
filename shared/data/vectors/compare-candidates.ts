import type { Db } from "../client.ts";
import { BestMatches, type Neighbour } from "./best-matches.ts";
import { type VectorSet, vectorsOf } from "./vector-items.ts";

/** For each query the ids of entities among which its nearest are. */
export type Candidates = readonly (readonly number[])[];

/** Vectors that are in memory at once: 12 MiB at 384 dimensions. */
const MOST_VECTORS = 8_192;

/** The nearest of the candidates by their vectors. An entity that has gone since is left out. */
export async function compareCandidates(
  db: Db,
  set: VectorSet,
  { queries, candidates, k }: { queries: readonly Float32Array[]; candidates: Candidates; k: number },
): Promise<readonly (readonly Neighbour[])[]> {
  const most = Math.max(1, ...candidates.map(({ length }) => length));
  const step = Math.max(1, Math.floor(MOST_VECTORS / most));
  const results: (readonly Neighbour[])[] = [];
  for (let from = 0; from < queries.length; from += step) {
    const some = candidates.slice(from, from + step);
    const vectors = await vectorsOf(db, set, [...new Set(some.flat())]);
    for (const [i, ids] of some.entries()) {
      const best = new BestMatches(k);
      for (const id of ids) {
        const vector = vectors.get(id);
        if (vector) best.offer(id, dot(queries[from + i]!, vector));
      }
      results.push(best.all);
    }
  }
  return results;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
