import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { nearest } from "#data/vectors/nearest.ts";
import { removeVectors, storeVectors, vectorsOf } from "#data/vectors/vector-items.ts";
import { openDatabase } from "#support/database.ts";

const SET = { kind: "topic", model: "m/3" };

const { db } = await openDatabase();
afterEach(async () => {
  await db.execute(sql`truncate vectors.items`);
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
