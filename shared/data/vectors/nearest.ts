import type { Db } from "../client.ts";
import { copyOut } from "../copy-out.ts";
import { quoteLiteral } from "../identifier.ts";
import { BestMatches, type Neighbour } from "./best-matches.ts";
import { CodeScan } from "./code-scan.ts";
import { type VectorSet, vectorsOf } from "./vector-items.ts";

export type { Neighbour } from "./best-matches.ts";

/**
 * The entities of a set whose vectors are most similar to each given vector, best first; at the same similarity the
 * older entity first. Vectors have length 1.
 * @returns one list for each vector, each of at most `k` entities
 */
export async function nearest(
  db: Db,
  set: VectorSet,
  queries: readonly Float32Array[],
  k: number,
): Promise<readonly (readonly Neighbour[])[]> {
  if (queries.length === 0 || k < 1) return queries.map(() => []);
  return bestOf(db, set, { queries, candidates: await candidatesByScan(db, set, queries, k), k });
}

/** For each query the ids of entities among which its nearest are. */
type Candidates = readonly (readonly number[])[];

/** Codes are inexact: so many more entities than wanted are compared by their vectors. */
const SPARE = 27;

/** Reads the codes of all entities, one behind the other: memory does not grow with the set. */
async function candidatesByScan(
  db: Db,
  { kind, model }: VectorSet,
  queries: readonly Float32Array[],
  k: number,
): Promise<Candidates> {
  const scan = new CodeScan(queries, k + SPARE);
  const codes = `select id, code from vectors.codes where kind = ${quoteLiteral(kind)} and model = ${quoteLiteral(model)}`;
  await db.$client.begin((tx) =>
    copyOut(tx, codes, ([id, code]) => {
      scan.add(Number(id!.readBigInt64BE()), code!);
    }),
  );
  return scan.best.map(({ all }) => all.map(({ id }) => id));
}

/** Vectors of candidates that are in memory at once: 12 MiB at 384 dimensions. */
const MOST_VECTORS = 8_192;

/** The nearest of the candidates by their vectors. An entity that has gone since is left out. */
async function bestOf(
  db: Db,
  set: VectorSet,
  { queries, candidates, k }: { queries: readonly Float32Array[]; candidates: Candidates; k: number },
): Promise<readonly (readonly Neighbour[])[]> {
  const step = Math.max(1, Math.floor(MOST_VECTORS / (k + SPARE)));
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
