import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { rebuildSearchIndices } from "#functions/platform/rebuild-search-indices.ts";
import { openDatabase } from "#support/database.ts";
import { createSignal } from "#support/signal.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const { url, db } = await openDatabase();
let app: TestProcess;
/** Search indexes of the app itself. */
let own: number;
beforeAll(async () => {
  own = (await db.execute("select from pg_indexes where indexdef ~ 'USING (gin|gist|hnsw|ivfflat)'")).length;
});
beforeEach(async () => {
  await db.execute("drop schema if exists a_scratch cascade");
  app = startProcess(url, [rebuildSearchIndices]);
  return () => app.close();
});

const asked = { input: {}, trigger: "manual", requestedBy: "a test" } as const;
const rebuild = async () => app.runner.execute((await app.enqueuer.enqueue(rebuildSearchIndices, asked)).id);

/**
 * 5,000 texts, one in ten with the word, with a search index and a plain index. The job takes the schemas by name: this
 * one before those of the app.
 */
async function scratch(): Promise<void> {
  await db.execute("create schema a_scratch");
  await db.execute("create table a_scratch.text (id integer primary key, words tsvector)");
  await db.execute(`insert into a_scratch.text
    select n, to_tsvector('simple', 'text ' || n || case when n % 10 = 0 then ' lien' else '' end) from generate_series(1, 5000) n`);
  await db.execute(`create index "Words of texts" on a_scratch.text using gin (words)`);
}

/** Changes with each rebuild. */
async function fileOf(name: string): Promise<unknown> {
  const [row] = await db.execute(sql`select pg_relation_filenode(${`a_scratch."${name}"`}::regclass) as file`);
  return row?.file;
}
const scratchIndexes = async () =>
  [
    ...(await db.execute<{ name: string; isValid: boolean }>(sql`
      select c.relname as name, i.indisvalid as "isValid" from pg_index i join pg_class c on c.oid = i.indexrelid
       where c.relnamespace = 'a_scratch'::regnamespace order by 1`)),
  ].map(({ name, isValid }) => `${name}${isValid ? "" : " (invalid)"}`);

it("returns how many indexes it rebuilt, also 0", async () => {
  expect(await rebuild()).toMatchObject({ state: "succeeded", result: { rebuilt: own, dropped: 0 } });
});

it("rebuilds a text index while it is read, and no other index", async () => {
  await scratch();
  const before = [await fileOf("Words of texts"), await fileOf("text_pkey")];
  const done = new AbortController();
  const reads: unknown[] = [];
  const reader = (async () => {
    while (!done.signal.aborted) {
      const [row] = await db.execute("select count(*)::integer as found from a_scratch.text where words @@ 'lien'");
      reads.push(row?.found);
    }
  })();
  expect(await rebuild()).toMatchObject({ state: "succeeded", result: { rebuilt: own + 1, dropped: 0 } });
  done.abort();
  await reader;
  expect(new Set(reads)).toEqual(new Set([500]));
  expect(await fileOf("Words of texts")).not.toBe(before[0]);
  expect(await fileOf("text_pkey")).toBe(before[1]);
});

it("drops the leftover of an interrupted rebuild, and rebuilds the index", async () => {
  await scratch();
  const [reading, readEnough] = [createSignal(), createSignal()];
  // The rebuild waits for a transaction with an old snapshot; readers do not wait.
  const oldView = db.transaction(
    async (tx) => {
      await tx.execute("select count(*) from a_scratch.text");
      reading.reach();
      await readEnough.reached;
      return tx.execute("select count(*)::integer as texts from a_scratch.text");
    },
    { isolationLevel: "repeatable read" },
  );
  await reading.reached;
  const cutOff = rebuild();
  while (!(await scratchIndexes()).some((name) => name.includes("_ccnew"))) await sleep(10);
  await db.execute(`
    select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and query ilike 'reindex index%'`);
  const { id, state } = (await cutOff)!;
  expect(state).toBe("retrying");
  expect(await scratchIndexes()).toEqual(["Words of texts", "Words of texts_ccnew (invalid)", "text_pkey"]);
  readEnough.reach();
  expect(await oldView).toMatchObject([{ texts: 5_000 }]);

  app.clock.advance(15 * 60_000);
  expect(await app.runner.execute(id)).toMatchObject({ state: "succeeded", result: { rebuilt: own + 1, dropped: 1 } });
  expect(await scratchIndexes()).toEqual(["Words of texts", "text_pkey"]);
});

it("the database stops when the process stops", async () => {
  await scratch();
  const [reading, readEnough] = [createSignal(), createSignal()];
  const oldView = db.transaction(async (tx) => {
    await tx.execute("lock table a_scratch.text in share update exclusive mode");
    reading.reach();
    await readEnough.reached;
  });
  await reading.reached;
  const stopped = rebuild();
  const busy = async () =>
    (
      await db.execute(`
        select from pg_stat_activity
         where datname = current_database() and query ilike 'reindex index%' and state = 'active'`)
    ).length;
  while ((await busy()) === 0) await sleep(10);
  await app.runner.drain(0);
  expect(await stopped).toMatchObject({ state: "retrying", reasonCode: "interrupted" });
  await expect.poll(busy).toBe(0);
  readEnough.reach();
  await oldView;
});
