import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { dataSourceSync, incidents, workflowExecutions } from "#data/personal-ops/personal-ops-schema.ts";
import { syncN8n } from "#functions/personal-ops/sync-n8n.ts";
import { type FakeExecution, type FakeN8n, startFakeN8n } from "#local/providers/fake-n8n.ts";
import { openDatabase } from "#support/database.ts";
import { runJob } from "#support/run-job.ts";

const NOON = "2026-03-10T12:00:00Z";
const LATER = "2026-03-10T12:30:00Z";
const { db } = await openDatabase();
let server: FakeN8n;
beforeAll(async () => {
  server = await startFakeN8n();
});
afterAll(() => server.close());
beforeEach(() => {
  server.recover();
  server.executions.length = 0;
});
afterEach(async () => {
  await db.execute(sql`truncate platform.job_runs;
    truncate personal_ops.data_source_sync, personal_ops.workflow_executions, personal_ops.incidents`);
});

const SETTINGS = { N8N_API_KEY: "demo" };
const syncAt = (asOf = NOON, settings: Record<string, string> = {}) =>
  runJob(syncN8n, { db, asOf, settings: { ...SETTINGS, N8N_BASE_URL: server.origin, ...settings } });
const record = async () => (await db.select().from(dataSourceSync))[0];
const stored = () => db.select().from(workflowExecutions);

function failed(id: number, change: Partial<FakeExecution> = {}): FakeExecution {
  const startedAt = "2026-03-10T11:00:00.000Z";
  return { id, workflowId: "w1", status: "error", startedAt, stoppedAt: "2026-03-10T11:00:05.000Z", ...change };
}

it("stores what failed and what crashed, each once, and moves the watermark to the start of the run", async () => {
  server.executions.push(failed(1), failed(2, { status: "crashed" }), failed(3, { status: "success" }));
  const { run, result } = await syncAt();
  expect(run.state, JSON.stringify(run.errors)).toBe("succeeded");
  expect(result).toMatchObject({ state: "synchronised", counts: { read: 2, stored: 2 } });
  expect(await record()).toMatchObject({
    success: true,
    items: 2,
    consecutiveFailures: 0,
    watermark: { readUntil: new Date(NOON).toISOString() },
  });
  const { result: again } = await syncAt(LATER);
  expect(again).toMatchObject({ counts: { read: 2, stored: 0 } });
  expect(await stored()).toHaveLength(2);
});

it("an execution that has not left the queue is stored without its start", async () => {
  server.executions.push(failed(1, { startedAt: null, stoppedAt: null }));
  server.fail({ kind: "old-server" });
  await syncAt();
  expect(await stored()).toMatchObject([{ startedAt: null }]);
});

it("a server that does not filter by time is read page by page until its executions are older", async () => {
  const old = { startedAt: "2026-01-01T00:00:00.000Z", stoppedAt: null };
  server.executions.push(...Array.from({ length: 900 }, (_, i) => failed(i + 1, i < 600 ? old : {})));
  server.fail({ kind: "old-server" });
  const asked = server.requests.length;
  const { run } = await syncAt();
  expect(run.state, JSON.stringify(run.errors)).toBe("succeeded");
  // One that is refused, two with newer executions, one that is older as a whole; then two for the crashed ones.
  expect(server.requests.length - asked).toBe(6);
  expect(await stored()).toHaveLength(750);
});

it("three failures of a workflow within a day are one incident, which counts the next ones", async () => {
  server.executions.push(failed(1), failed(2), failed(3), failed(4, { workflowId: "w2" }));
  await syncAt();
  expect(await db.select().from(incidents)).toMatchObject([
    { type: "workflow_failures", key: "w1", severity: "WARN", status: "open", occurrences: 3 },
  ]);
  server.executions.push(failed(5));
  await syncAt(LATER);
  await syncAt("2026-03-10T13:00:00Z");
  expect(await db.select().from(incidents)).toMatchObject([{ key: "w1", occurrences: 4 }]);
});

it.each(["same-cursor", "missing-workflow"] as const)(
  "when the answer is %s, the run ends with the reason and the watermark stays",
  async (kind) => {
    server.executions.push(failed(1), failed(2));
    server.fail({ kind });
    const { run } = await syncAt();
    expect(run.state).toBe("dead");
    expect(run.errors[0]).toMatchObject({ class: "validation" });
    expect(await record()).toMatchObject({ success: false, consecutiveFailures: 1, watermark: null });
  },
);

it("ids of older servers are numbers", async () => {
  server.executions.push(failed(7));
  server.fail({ kind: "numeric-ids" });
  await syncAt();
  expect(await stored()).toMatchObject([{ executionId: "7" }]);
});

it("a dropped connection is tried again", async () => {
  server.executions.push(failed(1));
  server.fail({ kind: "truncated", times: 1 });
  const { run } = await syncAt();
  expect(run.state).toBe("succeeded");
});

it("a wrong key is called once, and is an incident at once", async () => {
  const asked = server.requests.length;
  const { run } = await syncAt(NOON, { N8N_API_KEY: "wrong-key" });
  expect(run.errors[0]).toMatchObject({ class: "auth" });
  expect(run.errors[0]?.message).not.toContain("wrong-key");
  expect(server.requests.length - asked).toBe(1);
  expect(await db.select().from(incidents)).toMatchObject([{ type: "sync_failures", key: "n8n", occurrences: 1 }]);
});

it("other failures are an incident from the third in a row on, and a success ends the row", async () => {
  server.fail({ kind: "not-json" });
  server.executions.push(failed(1));
  const fail = async () => (await syncAt()).run.state;
  expect([await fail(), await fail()]).toEqual(["dead", "dead"]);
  expect(await db.select().from(incidents)).toEqual([]);
  await fail();
  expect(await db.select().from(incidents)).toMatchObject([{ type: "sync_failures" }]);
  server.recover();
  await syncAt();
  expect(await record()).toMatchObject({ success: true, consecutiveFailures: 0, error: null });
});

it("without its settings the run is skipped with the reason", async () => {
  const { run } = await runJob(syncN8n, { db });
  expect(run).toMatchObject({ state: "skipped", reasonCode: "not-configured" });
  expect(run.reason).toContain("N8N_BASE_URL");
});

it("while another run synchronises n8n, the run says so and changes nothing", async () => {
  const holder = "0199aaaa-0000-7000-8000-00000000000a";
  await db.execute(sql`
    insert into platform.job_runs (id, job_id, family, trigger, state, input, attempt, max_attempts, queued_at, lease_holder,
                                   lease_expires_at, correlation_id, heartbeat_at, started_at)
    values (${holder}, 'periodic_scan', 'personal-ops', 'manual', 'running', '{}', 1, 1, now(), 'another process',
            now() + interval '1 hour', 'c', now(), now())`);
  await db.insert(dataSourceSync).values({ source: "n8n", runId: holder, startedAt: new Date(NOON) });
  const { run, result } = await syncAt();
  expect(run.state).toBe("succeeded");
  expect(result).toMatchObject({ state: "busy", reason: "another run synchronises n8n now" });
  await db.execute(sql`update platform.job_runs set lease_expires_at = now() - interval '1 s' where id = ${holder}`);
  expect((await syncAt()).result).toMatchObject({ state: "synchronised" });
});
