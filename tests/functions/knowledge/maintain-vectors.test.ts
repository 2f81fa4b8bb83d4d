import { asc, sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { storeVectors } from "#data/vectors/vector-items.ts";
import { items } from "#data/vectors/vectors-schema.ts";
import { maintainVectors } from "#functions/knowledge/maintain-vectors.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { localModel } from "#support/knowledge.ts";
import { runJob } from "#support/run-job.ts";

const { db } = await openDatabase();
afterEach(async () => {
  await emptyTables(db, ["vectors.items"]);
  await db.execute(sql`update knowledge.entity_sets set embedded_version = 0, embedded_model = null`);
});

const few = "all vectors: fewer than 20000";
const NOTHING = { vectors_deleted: 0, changes_indexed: 0, changes_repaired: 0, search: { topic: few, atom: few } };

const vectors = (kind: string, model: string, count: number) =>
  storeVectors(
    db,
    { kind, model },
    Array.from({ length: count }, (_, i) => ({
      id: i + 1,
      contentHash: Buffer.alloc(32),
      vector: Float32Array.of(1, 0),
    })),
  );
const stored = () =>
  db
    .select({ kind: items.kind, model: items.model, id: items.id })
    .from(items)
    .orderBy(asc(items.kind), asc(items.model), asc(items.id));

it("does nothing without vectors", async () => {
  expect((await runJob(maintainVectors, { db })).result).toEqual(NOTHING);
});

it("deletes the vectors of replaced models once every entity has a vector of the new one", async () => {
  await vectors("topic", localModel(), 1);
  await vectors("topic", "a model", 2);
  await vectors("topic", "z model", 1);
  await vectors("atom", "a model", 1);
  expect((await runJob(maintainVectors, { db })).result).toEqual(NOTHING);
  await db.execute(sql`update knowledge.entity_sets set embedded_model = ${localModel()} where kind = 'topic'`);
  expect((await runJob(maintainVectors, { db })).result).toEqual({ ...NOTHING, vectors_deleted: 3 });
  expect(await stored()).toEqual([
    { kind: "atom", model: "a model", id: 1 },
    { kind: "topic", model: localModel(), id: 1 },
  ]);
});

it("a large set is searched without an index where PostgreSQL has no pgvector", async () => {
  const settings = { EMBEDDINGS_DIMENSIONS: "32", EMBEDDINGS_INDEX_MIN_VECTORS: "100" };
  await vectors("topic", localModel(32), 100);
  const [extension] = await db.execute(sql`select from pg_available_extensions where name = 'vector'`);
  const { result } = await runJob(maintainVectors, { db, settings });
  const { topic, atom } = result!.search as Record<string, string>;
  expect(atom).toBe("all vectors: fewer than 100");
  if (extension) expect(topic).toMatch(/^(index|all vectors): /);
  else expect(topic).toBe("all vectors: this PostgreSQL has no pgvector");
});

it("makes no index where the setting forbids it", async () => {
  const settings = { EMBEDDINGS_INDEX_ENABLED: "false" };
  expect((await runJob(maintainVectors, { db, settings })).result).toEqual({ ...NOTHING, search: {} });
});
