import { createHash } from "node:crypto";
import { afterEach, expect, it } from "vitest";
import { nearest } from "#data/vectors/nearest.ts";
import { removeVectors, storeVectors, vectorsOf } from "#data/vectors/vector-items.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";

const SET = { kind: "topic", model: "m/3" };

const { db } = await openDatabase();
afterEach(async () => {
  await emptyTables(db, ["vectors.items"]);
});

const row = (id: number, ...values: number[]) => ({
  id,
  contentHash: createHash("sha256").update(`${id}`).digest(),
  vector: Float32Array.from(values).map((value) => value / Math.hypot(...values)),
});

it("finds the most similar first, and the older one first at the same similarity", async () => {
  await storeVectors(db, SET, [row(3, 1, 0, 0), row(1, 1, 1, 0), row(2, 1, 0, 0), row(4, -1, 0, 0)]);
  const [best] = await nearest(db, SET, [row(0, 1, 0, 0).vector], 3);
  expect(best!.map(({ id }) => id)).toEqual([2, 3, 1]);
  expect(best![2]!.similarity).toBeCloseTo(Math.SQRT1_2, 6);
});

it("compares only vectors of the kind and the model", async () => {
  await storeVectors(db, { ...SET, model: "other/3" }, [row(1, 1, 0, 0)]);
  await storeVectors(db, { ...SET, kind: "atom" }, [row(2, 1, 0, 0)]);
  expect(await nearest(db, SET, [row(0, 1, 0, 0).vector], 5)).toEqual([[]]);
});

it("replaces the vector of an entity, and removes it for every model", async () => {
  await storeVectors(db, SET, [row(1, 1, 0, 0)]);
  await storeVectors(db, SET, [row(1, 0, 1, 0)]);
  expect(await vectorsOf(db, SET, [1, 2])).toEqual(new Map([[1, row(1, 0, 1, 0).vector]]));
  await removeVectors(db, "topic", [1]);
  expect((await vectorsOf(db, SET, [1])).size).toBe(0);
});

it("finds the five nearest of 3,000 vectors that lie close together, with the similarity of a full comparison", async () => {
  const random = seededRandom(7);
  const around = (center: readonly number[], spread: number) => center.map((value) => value + spread * normal(random));
  const centers = Array.from({ length: 10 }, () => around(new Array<number>(100).fill(0), 1));
  const rows = Array.from({ length: 3_000 }, (_, i) => row(i + 1, ...around(centers[i % 10]!, 0.3)));
  await storeVectors(db, SET, rows);
  const queries = centers.map((center) => row(0, ...around(center, 0.3)).vector);
  const found = await nearest(db, SET, queries, 5);
  for (const [i, query] of queries.entries()) {
    const all = rows.map(({ id, vector }) => ({
      id,
      similarity: vector.reduce((sum, v, d) => sum + v * query[d]!, 0),
    }));
    expect(found[i]).toEqual(all.toSorted((a, b) => b.similarity - a.similarity).slice(0, 5));
  }
});

it("gives an empty list for each vector when nothing is stored, and for none of them", async () => {
  expect(await nearest(db, SET, [row(0, 1, 0, 0).vector, row(0, 0, 1, 0).vector], 5)).toEqual([[], []]);
  expect(await nearest(db, SET, [], 5)).toEqual([]);
});

/** A generator of numbers from 0 to 1 that repeats itself. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
