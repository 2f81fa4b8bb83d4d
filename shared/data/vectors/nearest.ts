import { sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { vectorOf } from "./vector-bytes.ts";
import type { VectorSet } from "./vector-items.ts";
import { items } from "./vectors-schema.ts";

/** An entity and the cosine of the angle between its vector and the given one, from -1 to 1. */
export interface Neighbour {
  readonly id: number;
  readonly similarity: number;
}

/** Rows that are in memory at once. */
const PAGE = 1_000;

/**
 * The entities of a set whose vectors are most similar to each given vector, best first; at the same similarity the
 * older entity first. Vectors have length 1.
 * @returns one list for each vector, each of at most `k` entities
 */
export async function nearest(
  db: Executor,
  { kind, model }: VectorSet,
  queries: readonly Float32Array[],
  k: number,
): Promise<readonly (readonly Neighbour[])[]> {
  const best = queries.map((): Neighbour[] => []);
  if (queries.length === 0) return best;
  for (let after = 0; ;) {
    const page = await db.execute<{ id: string; vector: Buffer }>(sql`
      select id, vector from ${items}
       where kind = ${kind} and model = ${model} and id > ${after} order by id limit ${PAGE}`);
    for (const { id, vector } of page) {
      const candidate = vectorOf(vector);
      for (const [i, query] of queries.entries()) {
        keepBest(best[i]!, { id: Number(id), similarity: dot(query, candidate) }, k);
      }
    }
    if (page.length < PAGE) return best;
    after = Number(page.at(-1)!.id);
  }
}

function keepBest(best: Neighbour[], found: Neighbour, k: number): void {
  if (best.length === k && found.similarity <= best[k - 1]!.similarity) return;
  const place = best.findIndex(({ similarity }) => similarity < found.similarity);
  best.splice(place === -1 ? best.length : place, 0, found);
  if (best.length > k) best.pop();
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
