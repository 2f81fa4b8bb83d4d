import { gunzipSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { v7 as uuidv7 } from "uuid";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { cleanupReasoningLogs } from "#functions/tax-liens/cleanup-reasoning-logs.ts";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { runJob } from "#support/run-job.ts";

const { db } = await openDatabase();
let storage: TestStorage;
beforeAll(async () => {
  storage = await startTestStorage();
});
afterAll(() => storage.stop());
afterEach(async () => {
  await emptyTables(db, [
    "reasoning.ai_llm_calls",
    "reasoning.ai_agent_episodes",
    "tax_liens.analysis_runs",
    "platform.settings",
  ]);
  await storage.clear("reasoning-archive");
});

const asOf = "2026-03-10T08:00:00Z";
const cleanup = (settings = {}) =>
  runJob(cleanupReasoningLogs, { db, asOf, settings: { AzureWebJobsStorage: storage.connectionString, ...settings } });
const daysAgo = (days: number) => sql`${asOf}::timestamptz - make_interval(days => ${days}::integer)`;

async function calls(count: number, days: number): Promise<void> {
  await db.execute(sql`
    insert into reasoning.ai_llm_calls (id, agent, run_id, model, prompt_sha256, latency_ms, outcome, created_at)
    select gen_random_uuid(), 'document', gen_random_uuid(), 'm', 'sha', 1, 'answered', ${daysAgo(days)}
      from generate_series(1, ${count}::integer)`);
}

/** An episode with two steps, the last one `lastStep` days ago, and its analysis where there is a state for it. */
async function episode(goal: string, days: number, { lastStep = days, analysis = "" } = {}): Promise<void> {
  const id = uuidv7();
  await db.execute(sql`
    insert into reasoning.ai_agent_episodes (id, agent, goal, request, requested_by, created_at)
    values (${id}, 'analysis', ${goal}, '{}', 'ada', ${daysAgo(days)})`);
  await db.execute(sql`
    insert into reasoning.ai_agent_steps (episode_id, number, name, outcome, message, facts, started_at, finished_at)
    select ${id}, n, 'step', 'done', 'm', '{}', at, at
      from (values (1, ${daysAgo(days)}), (2, ${daysAgo(lastStep)})) as step(n, at)`);
  if (analysis === "") return;
  await db.execute(sql`
    insert into tax_liens.analysis_runs (id, definition, as_of, state, summary, run_id, episode_id, recipient, requested_by,
                                         created_at, finished_at)
    values (gen_random_uuid(), '{"constraints": {}}', '2025-01-01', ${analysis}, ${analysis === "succeeded" ? "{}" : null}::jsonb,
            gen_random_uuid(), ${id}, 'ada', 'ada', ${daysAgo(days)}, ${analysis === "succeeded" ? daysAgo(days) : sql`null`})`);
}

async function goals(): Promise<string[]> {
  const rows = await db.execute<{ goal: string }>(sql`
    select goal from reasoning.ai_agent_episodes e
     where 2 = (select count(*) from reasoning.ai_agent_steps where episode_id = e.id) order by goal`);
  return [...rows].map(({ goal }) => goal);
}

async function archived(kind: string): Promise<Record<string, unknown>[]> {
  const files = [...(await storage.blobs("reasoning-archive"))].filter(
    ([name]) => name.startsWith(`${kind}/`) && name.endsWith(".ndjson.gz"),
  );
  const lines = files.flatMap(([, content]) => gunzipSync(content).toString().trimEnd().split("\n"));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

it("archives and deletes calls and episodes of more than a year, each episode with its steps", async () => {
  await calls(2, 366);
  await calls(1, 364);
  await episode("old", 366);
  await episode("young", 364);
  const { run, result } = await cleanup();
  expect(run.errors).toEqual([]);
  expect(result).toMatchObject({ calls: { archived: 2, deleted: 2 }, episodes: { archived: 1, deleted: 1 } });
  expect(await goals()).toEqual(["young"]);
  expect(await archived("llm-calls")).toHaveLength(2);
  expect(await archived("episodes")).toMatchObject([{ goal: "old", steps: [{ number: 1 }, { number: 2 }] }]);
});

it("keeps an episode whose analysis has not ended or that has a younger step; an ended analysis stays without it", async () => {
  await episode("running", 400, { analysis: "running" });
  await episode("queued", 400, { analysis: "queued" });
  await episode("continued", 400, { lastStep: 10 });
  await episode("ended", 400, { analysis: "succeeded" });
  expect((await cleanup()).result).toMatchObject({ episodes: { deleted: 1 } });
  expect(await goals()).toEqual(["continued", "queued", "running"]);
  const ended = await db.execute(
    sql`select episode_id as episode from tax_liens.analysis_runs where state = 'succeeded'`,
  );
  expect([...ended]).toEqual([{ episode: null }]);
});

it("log_retention_days, changed while the app runs, changes the age", async () => {
  await calls(1, 31);
  await calls(1, 29);
  await db.execute(sql`insert into platform.settings values ('log_retention_days', '30', now(), 'a test')`);
  expect((await cleanup()).result).toMatchObject({ calls: { deleted: 1 } });
});

it("without LOG_ARCHIVE it needs no storage, deletes in batches and writes no file", async () => {
  await calls(5_001, 366);
  await episode("old", 366);
  const { result } = await cleanup({ LOG_ARCHIVE: "false", AzureWebJobsStorage: "" });
  expect(result).toMatchObject({ calls: { deleted: 5_001 }, episodes: { deleted: 1 } });
  expect(await storage.blobs("reasoning-archive")).toEqual(new Map());
});

it("deletes nothing when the archive cannot be written", async () => {
  await calls(1, 366);
  const { run } = await cleanup({ AzureWebJobsStorage: "" });
  expect(run.errors[0]?.message).toContain("AzureWebJobsStorage");
  expect(await db.execute(sql`select from reasoning.ai_llm_calls`)).toHaveLength(1);
});
