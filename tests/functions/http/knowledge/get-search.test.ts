import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { storeVectors } from "#data/vectors/vector-items.ts";
import { indexChanges, indexes } from "#data/vectors/vectors-schema.ts";
import { jobs } from "#functions/knowledge/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { localModel } from "#support/knowledge.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, jobs);
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const search = async () => (await api.call<{ sets: object[] }>("GET", "api/knowledge/search")).body;

it("shows that all vectors are compared without an index, and the figures of an index", async () => {
  const [extension] = await api.db.execute<{ version: string }>(
    sql`select default_version as version from pg_available_extensions where name = 'vector'`,
  );
  const none = { vectors: 0, usesIndex: false, index: null };
  expect(await search()).toEqual({
    model: localModel(),
    pgvector: { installed: null, available: extension?.version ?? null },
    sets: [
      { kind: "topic", ...none },
      { kind: "atom", ...none },
    ],
  });

  const set = { kind: "atom", model: localModel() };
  await storeVectors(api.db, set, [{ id: 1, contentHash: Buffer.alloc(32), vector: Float32Array.of(1) }]);
  const measuredAt = new Date("2026-03-10T12:00:00Z");
  const figures = { efSearch: 128, recall: 0.994, sampled: 200, measuredVectors: 30_000, changedSince: 7 };
  const [made] = await api.db
    .insert(indexes)
    .values({ ...set, ...figures, dimensions: 384, state: "ready", measuredAt, changedAt: measuredAt })
    .returning();
  await api.db.insert(indexChanges).values([{ indexId: made!.id, id: 1 }]);
  expect((await search()).sets[1]).toEqual({
    kind: "atom",
    vectors: 1,
    usesIndex: true,
    index: { state: "ready", ...figures, measuredAt: measuredAt.toISOString(), waiting: 1, error: null },
  });
});
