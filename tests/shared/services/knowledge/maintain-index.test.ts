import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import type { Tx } from "#data/client.ts";
import { nearest } from "#data/vectors/nearest.ts";
import { deleteOtherIndexes, indexOf } from "#data/vectors/vector-index.ts";
import { removeVectors, storeVectors } from "#data/vectors/vector-items.ts";
import { maintainIndex } from "#services/knowledge/maintain-index.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { openPgvector } from "#support/pgvector.ts";
import { TestClock } from "#support/test-clock.ts";
import { nearestCases, row, seededRandom } from "../../data/vectors/nearest-cases.ts";

const SET = { kind: "topic", model: "m/8" } as const;

const db = await openPgvector();
const clock = new TestClock("2026-03-10T12:00:00Z");
afterEach(async () => {
  await emptyTables(db, ["vectors.items"]);
  await db.transaction((tx) => deleteOtherIndexes(tx, null));
});

/** @param allowed transactions before the process is killed */
function maintain(given: { model?: string; dimensions?: number; minVectors?: number; allowed?: number } = {}) {
  const { model = SET.model, dimensions = 8, minVectors = 1, allowed = Infinity } = given;
  let transactions = 0;
  const context = {
    db,
    clock,
    signal: new AbortController().signal,
    log: { info: () => undefined, error: () => undefined },
    async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
      transactions += 1;
      if (transactions > allowed) throw new Error("killed");
      return db.transaction(work);
    },
  };
  return maintainIndex(context, { kind: SET.kind, model, dimensions, minVectors, memoryMb: 64 });
}

const random = seededRandom(3);
const aVector = () => Array.from({ length: 8 }, () => random() - 0.5);
const rows = (count: number) => Array.from({ length: count }, (_, i) => row(i + 1, ...aVector()));
const idsOf = async (vector: Float32Array, k = 3) => (await nearest(db, SET, [vector], k))[0]!.map(({ id }) => id);
/** Only an index finds anything after this. */
const deleteCodes = () => db.execute(sql`delete from vectors.codes`);
const indexedIds = async () => {
  const { id } = (await indexOf(db, SET))!;
  return (await db.execute<{ id: string }>(sql.raw(`select id from vectors.index_${id} order by id`))).map(({ id }) =>
    Number(id),
  );
};

describe("a search by an index", () => {
  nearestCases(db, async (model, dimensions) => {
    expect((await maintain({ model, dimensions })).search).toMatch(/^index: recall@5 (1|0\.99\d*) at ef_search 64$/);
    await deleteCodes();
  });
});

it("a small set has no index, and a set that has become small loses it", async () => {
  await storeVectors(db, SET, rows(100));
  const all = "all vectors: fewer than 101";
  expect(await maintain({ minVectors: 101 })).toEqual({ search: all, indexed: 0, repaired: 0 });
  expect(await indexOf(db, SET)).toBeUndefined();
  await maintain({ minVectors: 100 });
  expect((await indexOf(db, SET))?.state).toBe("ready");
  expect((await maintain({ minVectors: 201 })).search).toBe("all vectors: fewer than 201");
  expect(await indexOf(db, SET)).toBeUndefined();
});

it("records the figures of its measurement, and measures again after a quarter has changed", async () => {
  const some = rows(600);
  await storeVectors(db, SET, some.slice(0, 400));
  await maintain();
  const first = await indexOf(db, SET);
  expect(first).toMatchObject({ state: "ready", efSearch: 64, sampled: 200, measuredVectors: 400, changedSince: 0 });
  expect(first!.recall).toBeGreaterThanOrEqual(0.99);
  await storeVectors(db, SET, some.slice(400, 500));
  await maintain();
  expect(await indexOf(db, SET)).toMatchObject({ measuredVectors: 400, changedSince: 100 });
  await storeVectors(db, SET, some.slice(500));
  await maintain();
  expect(await indexOf(db, SET)).toMatchObject({ measuredVectors: 600, changedSince: 0 });
});

it("added, replaced and deleted vectors count at once, and after they were brought into the index", async () => {
  const some = rows(300);
  await storeVectors(db, SET, some);
  await maintain();
  const { vector } = some[0]!;
  const opposite = vector.map((value) => -value);
  await storeVectors(db, SET, [
    { ...some[1]!, id: 301, vector },
    { ...some[1]!, vector },
    { ...some[0]!, vector: opposite },
  ]);
  await removeVectors(db, "topic", [3]);
  await deleteCodes();
  expect(await idsOf(vector, 2)).toEqual([2, 301]);
  expect(await idsOf(opposite, 1)).toEqual([1]);
  expect(await idsOf(some[2]!.vector, 5)).not.toContain(3);
  expect(await maintain()).toMatchObject({ indexed: 4, repaired: 0 });
  expect(await idsOf(vector, 2)).toEqual([2, 301]);
  expect(await idsOf(opposite, 1)).toEqual([1]);
  expect(await indexedIds()).not.toContain(3);
});

it("compares all vectors while the index lacks more than 1,000 changes", async () => {
  await storeVectors(db, SET, rows(100));
  await maintain();
  const many = rows(1_101);
  await storeVectors(db, SET, many.slice(100));
  const { id, vector } = many[1_000]!;
  expect(await idsOf(vector, 1)).toEqual([id]);
  await deleteCodes();
  expect(await idsOf(vector, 1)).toEqual([]);
});

it("compares all vectors when the index finds mostly deleted ones", async () => {
  const near = Array.from({ length: 40 }, (_, i) => row(i + 1, 1, i / 1_000, 0, 0, 0, 0, 0, 0));
  const far = Array.from({ length: 10 }, (_, i) => row(i + 41, 0, 1, i, 0, 0, 0, 0, 0));
  await storeVectors(db, SET, [...near, ...far]);
  await maintain();
  await removeVectors(
    db,
    "topic",
    near.map(({ id }) => id),
  );
  expect(await idsOf(near[0]!.vector, 2)).toEqual([41, 42]);
});

it("a maintenance that is killed at any step leaves a search that finds all, and the next one completes it", async () => {
  const some = rows(1_500);
  await storeVectors(db, SET, some);
  const first = await indexOf(db, SET);
  expect(first).toBeUndefined();
  let steps = 0;
  for (let isKilled = true; isKilled; steps++) {
    isKilled = await maintain({ allowed: steps }).then(
      () => false,
      () => true,
    );
    // A vector that is added between the steps.
    const added = row(2_000 + steps, ...aVector());
    await storeVectors(db, SET, [added]);
    expect(await idsOf(added.vector, 1)).toEqual([added.id]);
    expect(await idsOf(some[700]!.vector, 1)).toEqual([701]);
  }
  expect(steps).toBeGreaterThan(3);
  await maintain();
  const all = await db.execute<{ id: string }>(sql`select id from vectors.items order by id`);
  expect(await indexedIds()).toEqual(all.map(({ id }) => Number(id)));
});

it("a change that no trigger has noted is found and brought into the index", async () => {
  await storeVectors(db, SET, rows(100));
  await maintain();
  await db.execute(sql`alter table vectors.items disable trigger user`);
  await storeVectors(db, SET, [row(101, ...aVector())]);
  await removeVectors(db, "topic", [7]);
  await db.execute(sql`alter table vectors.items enable trigger user`);
  expect(await maintain()).toMatchObject({ indexed: 2, repaired: 2 });
  expect(await indexedIds()).toEqual(Array.from({ length: 101 }, (_, i) => i + 1).filter((id) => id !== 7));
});

it("an index that finds too few is dropped with its figures, and built again when the set has grown by a quarter", async () => {
  const some = rows(500);
  await storeVectors(db, SET, some.slice(0, 400));
  await maintain();
  const { id } = (await indexOf(db, SET))!;
  await db.execute(sql`update vectors.indexes set state = 'filling'`);
  await db.execute(sql.raw(`update vectors.index_${id} set embedding = '[1,2,3,4,5,6,7,8]' where id > 40`));
  expect((await maintain()).search).toMatch(/^all vectors: the index found 0\.\d+ of the nearest$/);
  expect(await indexOf(db, SET)).toMatchObject({ state: "rejected", efSearch: 1_000, measuredVectors: 400 });
  expect(await idsOf(some[399]!.vector, 1)).toEqual([400]);
  await storeVectors(db, SET, some.slice(400));
  expect((await maintain()).search).toMatch(/^all vectors/);
  await storeVectors(db, SET, [row(501, ...aVector())]);
  expect((await maintain()).search).toMatch(/^index/);
});

it("an index whose table is lost fails with its reason, and is built again after a day", async () => {
  const some = rows(200);
  await storeVectors(db, SET, some);
  await maintain();
  await db.execute(sql.raw(`drop table vectors.index_${(await indexOf(db, SET))!.id}`));
  expect(await idsOf(some[9]!.vector, 1)).toEqual([10]);
  const failed = await indexOf(db, SET);
  expect(failed).toMatchObject({ state: "failed", error: expect.stringContaining("does not exist") as string });
  expect((await maintain()).search).toBe(`all vectors: ${failed!.error}`);
  clock.moveTo(new Date(failed!.changedAt.getTime() + 86_400_001));
  expect((await maintain()).search).toMatch(/^index/);
});

it("a crash of PostgreSQL empties all that an index consists of, as none of it is logged", async () => {
  await storeVectors(db, SET, rows(10));
  await maintain();
  const tables = await db.execute<{ name: string; logged: string }>(sql`
    select regexp_replace(relname, '[0-9]+', 'N') as name, relpersistence as logged from pg_class
     where relnamespace = 'vectors'::regnamespace and relkind = 'r' and relname like 'index%' order by 1`);
  expect(tables.map(({ name, logged }) => [name, logged])).toEqual([
    ["index_N", "u"],
    ["index_changes", "u"],
    ["indexes", "u"],
  ]);
});
