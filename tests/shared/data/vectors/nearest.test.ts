import { expect, it } from "vitest";
import { nearest } from "#data/vectors/nearest.ts";
import { removeVectors, storeVectors, vectorsOf } from "#data/vectors/vector-items.ts";
import { openDatabase } from "#support/database.ts";
import { nearestCases, row } from "./nearest-cases.ts";

const SET = { kind: "topic", model: "m/3" };

const { db } = await openDatabase();

// The index passes them in maintain-index.test.ts.
nearestCases(db, async () => undefined);

it("replaces the vector of an entity, and removes it for every model", async () => {
  await storeVectors(db, SET, [row(1, 1, 0, 0)]);
  await storeVectors(db, SET, [row(1, 0, 1, 0)]);
  expect(await vectorsOf(db, SET, [1, 2])).toEqual(new Map([[1, row(1, 0, 1, 0).vector]]));
  await removeVectors(db, "topic", [1]);
  expect((await vectorsOf(db, SET, [1])).size).toBe(0);
});

it("gives an empty list for each vector when nothing is stored, and for none of them", async () => {
  expect(await nearest(db, SET, [row(0, 1, 0, 0).vector, row(0, 0, 1, 0).vector], 5)).toEqual([[], []]);
  expect(await nearest(db, SET, [], 5)).toEqual([]);
});
