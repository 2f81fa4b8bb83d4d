import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { entitiesWithoutVector, type EntityText, storeEntityVectors } from "#data/knowledge/dedup-entities.ts";
import { openDatabase } from "#support/database.ts";

const TOPICS = 4_000;
const PAGE = 100;
const SET = { kind: "topic", model: "new/8" } as const;
const VECTOR = new Float32Array(8).fill(Math.sqrt(1 / 8));

// One connection: it keeps the plan that it made of the empty tables.
const { db } = await openDatabase({ poolMax: 1 });

it("the entities without a vector are found by one lookup each, while the vectors of a new model come in", async () => {
  await db.execute(sql`
    insert into knowledge.topics (name, exact_key, content_hash, created_at)
    select 'topic ' || n, sha256(n::text::bytea), sha256(n::text::bytea), now() from generate_series(1, ${TOPICS}) n`);
  const readBefore = await rowsRead();

  let found = 0;
  for (let page = await pageAfter(0); page.length > 0; page = await pageAfter(page.at(-1)!.id)) {
    const rows = page.map(({ id, contentHash }) => ({ id, contentHash, vector: VECTOR }));
    await db.transaction((tx) => storeEntityVectors(tx, SET, rows));
    found += page.length;
  }
  expect(found).toBe(TOPICS);
  expect((await rowsRead()) - readBefore).toBeLessThan(40 * TOPICS);
});

function pageAfter(after: number): Promise<readonly EntityText[]> {
  return entitiesWithoutVector(db, SET, { newerThan: 0, after, limit: PAGE });
}

/** The rows of the tables of entities and vectors that statements have read. */
async function rowsRead(): Promise<number> {
  await db.execute(sql`select pg_stat_force_next_flush()`);
  const [row] = await db.execute<{ rows: number }>(sql`
    select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::float8 as rows
      from pg_stat_user_tables where relname in ('topics', 'items', 'codes')`);
  return row!.rows;
}
