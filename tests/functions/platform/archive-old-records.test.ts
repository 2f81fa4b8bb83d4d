import { gunzipSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { archiveOldRecords } from "#functions/platform/archive-old-records.ts";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { openDatabase } from "#support/database.ts";
import { aRun } from "#support/factories.ts";
import { lockWait } from "#support/lock-wait.ts";
import { runJob } from "#support/run-job.ts";

const { db } = await openDatabase();
let storage: TestStorage;
beforeAll(async () => {
  storage = await startTestStorage();
});
afterAll(() => storage.stop());
afterEach(async () => {
  await db.execute(sql`
    truncate platform.audit_log, platform.effects, platform.dead_messages, platform.backfills, platform.job_runs`);
  await storage.clear("audit-archive");
  await storage.clear("run-archive");
});

const asOf = "2026-03-10T01:45:00Z";
const GONE = "00000000-0000-7000-8000-000000000001";
const prune = (settings = {}) =>
  runJob(archiveOldRecords, { db, asOf, settings: { AzureWebJobsStorage: storage.connectionString, ...settings } });
const daysAgo = (days: number) => sql`${asOf}::timestamptz - make_interval(days => ${days}::integer)`;
const audit = (action: string, days: number) =>
  db.execute(
    sql`insert into platform.audit_log (at, who, action, subject) values (${daysAgo(days)}, 'ada', ${action}, 'all')`,
  );
const actions = async () =>
  [...(await db.execute<{ action: string }>(sql`select action from platform.audit_log order by id`))].map(
    ({ action }) => action,
  );

it("moves audit entries of more than a year to their archive in several files, and keeps younger ones", async () => {
  await db.execute(sql`
    insert into platform.audit_log (at, who, action, subject, after)
    select ${daysAgo(370)}, 'ada', 'paused', 'job:' || n, '{"until": null}' from generate_series(1, 5001) n`);
  await audit("resumed", 364);
  const { run, result } = await prune();
  expect(run.errors).toEqual([]);
  expect(result).toMatchObject({
    auditEntries: { archived: 5_001, deleted: 5_001, files: 2 },
    deadMessages: { archived: 0 },
    backfills: { archived: 0 },
    effects: 0,
  });
  expect(await actions()).toEqual(["resumed"]);
  const lines = await archived("audit-archive");
  expect(lines).toHaveLength(5_001);
  expect(lines[0]).toMatchObject({ who: "ada", action: "paused", after: { until: null } });
});

it("keeps an effect while its run is in the ledger, or while its outcome is unknown", async () => {
  const { id } = await aRun(db);
  await db.execute(sql`
    insert into platform.effects (key, state, run_id, intended_at, settled_at) values
      ('old', 'done', ${GONE}, ${daysAgo(400)}, ${daysAgo(366)}), ('young', 'done', ${GONE}, ${daysAgo(400)}, ${daysAgo(364)}),
      ('of a run', 'done', ${id}, ${daysAgo(400)}, ${daysAgo(400)}), ('parked', 'parked', ${GONE}, ${daysAgo(400)}, null),
      ('intended', 'intended', ${GONE}, ${daysAgo(400)}, null)`);
  expect((await prune()).result).toMatchObject({ effects: 1 });
  const left = await db.execute<{ key: string }>(sql`select key from platform.effects order by key`);
  expect([...left].map(({ key }) => key)).toEqual(["intended", "of a run", "parked", "young"]);
});

it("deletes embeddings that no text has used since EMBEDDINGS_CACHE_DAYS", async () => {
  await db.execute(sql`
    insert into vectors.cached_embeddings (model, content_hash, vector, used_at)
    select 'm/1', sha256(n::text::bytea), '\\x00000000', ${daysAgo(1)} - make_interval(days => n)
      from generate_series(88, 91) n`);
  expect((await prune()).result).toMatchObject({ embeddings: 2 });
  expect((await prune({ EMBEDDINGS_CACHE_DAYS: "89" })).result).toMatchObject({ embeddings: 1 });
  expect((await prune({ EMBEDDINGS_CACHE_DAYS: "89" })).result).toMatchObject({ embeddings: 0 });
});

it("moves old dead messages and ended backfills without runs; RUN_RETENTION_DAYS changes the age", async () => {
  await db.execute(sql`
    insert into platform.dead_messages (id, queue, body, reason, received_at)
    values (gen_random_uuid(), 'q', 'b', 'r', ${daysAgo(8)}), (gen_random_uuid(), 'q', 'b', 'r', ${daysAgo(6)})`);
  const withRun = "00000000-0000-7000-8000-00000000000a";
  await db.execute(sql`
    insert into platform.backfills (id, job_id, from_slot, to_slot, state, requested_by, requested_at, ended_at) values
      (gen_random_uuid(), 'old', ${daysAgo(9)}, ${daysAgo(9)}, 'done', 'ada', ${daysAgo(9)}, ${daysAgo(9)}),
      (${withRun}, 'with a run', ${daysAgo(9)}, ${daysAgo(9)}, 'aborted', 'ada', ${daysAgo(9)}, ${daysAgo(9)}),
      (gen_random_uuid(), 'running', ${daysAgo(9)}, ${daysAgo(9)}, 'running', 'ada', ${daysAgo(9)}, null)`);
  await aRun(db, { backfillId: withRun });
  expect((await prune()).result).toMatchObject({ deadMessages: { deleted: 0 }, backfills: { deleted: 0 } });
  const { result } = await prune({ RUN_RETENTION_DAYS: "7" });
  expect(result).toMatchObject({ deadMessages: { deleted: 1 }, backfills: { deleted: 1 } });
  expect(await archived("run-archive")).toHaveLength(2);
  const left = await db.execute<{ job: string }>(sql`select job_id as job from platform.backfills order by 1`);
  expect([...left].map(({ job }) => job)).toEqual(["running", "with a run"]);
});

it("keeps an entry that changed after it was archived, and archives it with its change the next time", async () => {
  await audit("old", 400);
  let pruning: Promise<unknown> | undefined;
  await db.transaction(async (tx) => {
    await tx.execute(sql`update platform.audit_log set reason = 'added later'`);
    pruning = prune();
    await lockWait(db, "%delete from %audit_log%");
  });
  await pruning;
  expect(await actions()).toEqual(["old"]);
  expect((await prune()).result).toMatchObject({ auditEntries: { deleted: 1 } });
  expect((await archived("audit-archive")).map(({ reason }) => reason).sort()).toEqual(["added later", null]);
});

it("deletes nothing when the archive cannot be written", async () => {
  await audit("kept", 400);
  const { run } = await prune({ AzureWebJobsStorage: "" });
  expect(run.errors[0]?.message).toContain("AzureWebJobsStorage");
  expect(await actions()).toEqual(["kept"]);
});

it("needs no storage while nothing is old", async () => {
  await audit("young", 3);
  expect((await prune({ AzureWebJobsStorage: "" })).run.state).toBe("succeeded");
});

async function archived(container: string): Promise<Record<string, unknown>[]> {
  const files = [...(await storage.blobs(container))].filter(([name]) => name.endsWith(".ndjson.gz"));
  const lines = files.flatMap(([, content]) => gunzipSync(content).toString().trimEnd().split("\n"));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
