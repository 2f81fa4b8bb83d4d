import type { Db } from "../client.ts";
import type { Neighbour } from "./best-matches.ts";
import { candidatesByIndex } from "./candidates-by-index.ts";
import { candidatesByScan } from "./candidates-by-scan.ts";
import { type Candidates, compareCandidates } from "./compare-candidates.ts";
import { indexFault, markFailed, type UsableIndex, usableIndex } from "./usable-index.ts";
import type { VectorSet } from "./vector-items.ts";

export type { Neighbour } from "./best-matches.ts";

/** For each vector the most similar entities, best first. */
type Nearest = readonly (readonly Neighbour[])[];

/** The neighbours for which indexes are measured: a search for more compares all. */
export const MEASURED_NEIGHBOURS = 5;

/** Candidates are chosen by inexact vectors: so many more than wanted are compared by their exact ones. */
export const SPARE = 27;

/**
 * The entities of a set whose vectors are most similar to each given vector, best first; at the same similarity the
 * older entity first. Vectors have length 1. Where an index of pgvector was measured and is complete, it chooses which
 * entities are compared; otherwise all are.
 * @returns one list for each vector, each of at most `k` entities
 */
export async function nearest(db: Db, set: VectorSet, queries: readonly Float32Array[], k: number): Promise<Nearest> {
  const index = queries.length > 0 && k <= MEASURED_NEIGHBOURS ? await usableIndex(db, set) : undefined;
  if (!index) return nearestByScan(db, set, queries, k);
  try {
    return await nearestByIndex(db, set, queries, { index, k });
  } catch (error) {
    const fault = indexFault(error);
    if (fault === undefined) throw error;
    await markFailed(db, index.id, fault);
    return nearestByScan(db, set, queries, k);
  }
}

/** The same by comparing all vectors of the set. */
export async function nearestByScan(
  db: Db,
  set: VectorSet,
  queries: readonly Float32Array[],
  k: number,
): Promise<Nearest> {
  if (queries.length === 0 || k < 1) return queries.map(() => []);
  const candidates = await candidatesByScan(db, set, queries, k + SPARE);
  return compareCandidates(db, set, { queries, candidates, k });
}

/** The same among the candidates of an index. A search that it finds too few for compares all vectors. */
async function nearestByIndex(
  db: Db,
  set: VectorSet,
  queries: readonly Float32Array[],
  { index, k }: { index: UsableIndex; k: number },
): Promise<Nearest> {
  const chosen = await candidatesByIndex(db, index, queries, { wanted: k, most: k + SPARE });
  const scanned = queries.filter((_, i) => chosen[i] === undefined);
  const byScan = scanned.length > 0 ? await candidatesByScan(db, set, scanned, k + SPARE) : [];
  let next = 0;
  const candidates: Candidates = chosen.map((ids) => ids ?? byScan[next++]!);
  return compareCandidates(db, set, { queries, candidates, k });
}
