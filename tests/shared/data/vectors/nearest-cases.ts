import { createHash } from "node:crypto";
import { afterEach, expect, it } from "vitest";
import type { Db } from "#data/client.ts";
import { nearest } from "#data/vectors/nearest.ts";
import { storeVectors } from "#data/vectors/vector-items.ts";
import { emptyTables } from "#support/empty-tables.ts";

/** A row of a vector of length 1 in the direction of these values. */
export const row = (id: number, ...values: number[]) => ({
  id,
  contentHash: createHash("sha256").update(`${id}`).digest(),
  vector: Float32Array.from(values).map((value) => value / Math.hypot(...values)),
});

/** A generator of numbers from 0 to 1 that repeats itself. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * The cases that every way to search passes.
 * @param prepared called when the vectors of a set are stored, with their dimensions
 */
export function nearestCases(db: Db, prepared: (model: string, dimensions: number) => Promise<unknown>): void {
  const SET = { kind: "topic", model: "m/3" };
  const OTHERS = [4, 5, 6, 7, 8].map((id) => row(id, -id, 1, 0));
  afterEach(async () => {
    await emptyTables(db, ["vectors.items"]);
  });

  it("finds the most similar first, and the older one first at the same similarity", async () => {
    await storeVectors(db, SET, [row(3, 1, 0, 0), row(1, 1, 1, 0), row(2, 1, 0, 0), ...OTHERS]);
    await prepared(SET.model, 3);
    const [best] = await nearest(db, SET, [row(0, 1, 0, 0).vector], 3);
    expect(best!.map(({ id }) => id)).toEqual([2, 3, 1]);
    expect(best![2]!.similarity).toBeCloseTo(Math.SQRT1_2, 6);
  });

  it("compares only vectors of the kind and the model", async () => {
    await storeVectors(db, { ...SET, model: "other/3" }, [row(1, 1, 0, 0)]);
    await storeVectors(db, { ...SET, kind: "atom" }, [row(2, 1, 0, 0)]);
    await storeVectors(db, SET, [row(3, 0, 1, 0), ...OTHERS]);
    await prepared(SET.model, 3);
    const [best] = await nearest(db, SET, [row(0, 1, 0, 0).vector], 1);
    expect(best).toEqual([{ id: 3, similarity: 0 }]);
  });

  it("finds the five nearest of 3,000 vectors that lie close together, with the similarity of a full comparison", async () => {
    const set = { ...SET, model: "m/100" };
    const random = seededRandom(7);
    const around = (center: readonly number[], spread: number) =>
      center.map((value) => value + spread * normal(random));
    const centers = Array.from({ length: 10 }, () => around(new Array<number>(100).fill(0), 1));
    const rows = Array.from({ length: 3_000 }, (_, i) => row(i + 1, ...around(centers[i % 10]!, 0.3)));
    await storeVectors(db, set, rows);
    await prepared(set.model, 100);
    const queries = centers.map((center) => row(0, ...around(center, 0.3)).vector);
    const found = await nearest(db, set, queries, 5);
    for (const [i, query] of queries.entries()) {
      const all = rows.map(({ id, vector }) => ({
        id,
        similarity: vector.reduce((sum, v, d) => sum + v * query[d]!, 0),
      }));
      expect(found[i]).toEqual(all.toSorted((a, b) => b.similarity - a.similarity).slice(0, 5));
    }
  });
}
