import { asc, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { incidents } from "#data/personal-ops/personal-ops-schema.ts";
import { notifications } from "#data/platform/notification-schema.ts";
import { healthMonitor } from "#functions/personal-ops/health-monitor.ts";
import type { Schedule } from "#jobs";
import { tick } from "#runner/tick.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aRun } from "#support/factories.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import {
  type ReceivedNotification,
  startWebhookReceiver,
  WEBHOOK_SECRET,
  type WebhookReceiver,
} from "#support/webhook-receiver.ts";

const { url, db } = await openDatabase();
const warnings: ReceivedNotification[] = [];
let receiver: WebhookReceiver;
let app: TestProcess;
const clock = new TestClock();
beforeAll(async () => {
  receiver = await startWebhookReceiver((received) => {
    warnings.push(received);
    return { status: 204 };
  });
  const env = { NOTIFY_WEBHOOK_URL: receiver.url, NOTIFY_WEBHOOK_SECRET: WEBHOOK_SECRET };
  app = startProcess(url, [healthMonitor], { db, clock, env });
});
afterEach(async () => {
  warnings.length = 0;
  await emptyTables(db, [
    "personal_ops.retry_jobs",
    "personal_ops.incidents",
    "personal_ops.agent_audit_log",
    "platform.job_runs",
    "platform.notifications",
    "platform.notification_deliveries",
    "platform.controls",
    "platform.provider_states",
  ]);
});
afterAll(() => receiver.close());

async function check() {
  const { id } = await app.enqueuer.enqueue(healthMonitor, { input: {}, trigger: "event", requestedBy: "a test" });
  return (await app.runner.execute(id))!;
}
const raised = () => db.select().from(incidents).orderBy(asc(incidents.type), asc(incidents.key));
const alerts = () => db.select().from(notifications).orderBy(asc(notifications.type));

it("finds nothing in an app that is well", async () => {
  const { result } = await check();
  expect(result).toMatchObject({ healthy: true, findings: [], queueDepth: 0, newDeadLetters: 0, openProviders: [] });
  expect(await raised()).toEqual([]);
});

it("alerts the person of each type once an hour, however often the checks find it", async () => {
  const ago = (minutes: number) => new Date(clock.now().getTime() - minutes * 60_000);
  const family = "personal-ops";
  await aRun(db, { jobId: "sync_notion", family, state: "dead", finishedAt: ago(5) });
  await aRun(db, { jobId: "sync_hubspot", family, state: "running", startedAt: ago(2) });
  await aRun(db, { jobId: "sync_n8n", state: "queued", notBefore: ago(30) });
  await aRun(db, { jobId: "refresh_etf", state: "queued", notBefore: ago(60), reason: "paused", reasonCode: "paused" });
  await db.execute(sql`
    insert into personal_ops.agent_audit_log (at, action, action_type, actor, success, error, output)
    select ${ago(1).toISOString()}::timestamptz, 'a', 'job', 'a', n <= 8, case when n > 8 then 'no' end,
           case when n > 10 then '{"code":"kill-switch"}' end::jsonb from generate_series(1, 20) n`);
  await db.execute(sql`
    insert into personal_ops.retry_jobs (kind, payload, run_at, created_at)
    select 'k', '{}', ${ago(1).toISOString()}::timestamptz, now() from generate_series(1, 101)`);
  await db.execute(sql`
    insert into platform.provider_states (provider, state, opened_at, reason) values ('notion', 'open', now(), 'HTTP 503')`);
  for (let n = 0; n < 2; n++) expect(await check()).toMatchObject({ state: "succeeded", result: { healthy: false } });
  expect((await raised()).map(({ type, key, title, occurrences }) => [type, key, title, occurrences])).toEqual([
    ["dead_letters", "personal-ops", "1 new dead letters in an hour", 2],
    ["failure_rate", "personal-ops", expect.stringMatching(/^2 of 1[01] attempts failed in an hour$/), 2],
    ["health_alert", "provider notion", "Calls to notion are stopped: HTTP 503", 2],
    ["health_alert", "waiting run", "A due run of sync_n8n waits for 1800 s", 2],
    ["queue_depth", "personal-ops", "101 due runs and retry jobs wait, more than 100", 2],
    ["slow_run", "sync_hubspot", "A run of sync_hubspot took 120 s", 2],
  ]);
  const types = ["dead_letters", "failure_rate", "health_alert", "queue_depth", "slow_run"];
  expect(await alerts()).toMatchObject(
    types.map((type) => ({ type: `personal_ops.${type}`, severity: "WARN", recipient: "user:owner" })),
  );
  clock.advance(3_600_000);
  await check();
  const again = (await alerts()).filter(({ type }) => type === "personal_ops.health_alert");
  expect(again).toHaveLength(2);
});

it("runs while jobs are switched off", async () => {
  await db.execute(
    sql`insert into platform.controls (scope, jobs_enabled, changed_at, changed_by) values ('global', false, now(), 'a')`,
  );
  expect(await check()).toMatchObject({ state: "succeeded", result: { jobsEnabled: false } });
});

it("warns the back office at once when the check itself fails, and fails", async () => {
  await db.execute(sql`alter table platform.provider_states rename to provider_states_gone`);
  try {
    expect(await check()).toMatchObject({ state: "dead" });
  } finally {
    await db.execute(sql`alter table platform.provider_states_gone rename to provider_states`);
  }
  expect(warnings).toMatchObject([{ title: "The health check failed", severity: "WARN" }]);
  expect(app.log.map(({ message }) => message)).toContain("The health check failed");
});

it("warns the back office at once when its slot finds no database, once for the slot", async () => {
  await db.execute(sql`
    create function refuse() returns trigger language plpgsql as $$
    begin raise exception 'the database system is shutting down' using errcode = '57P03'; end $$`);
  await db.execute(sql`create trigger away before insert on platform.job_runs execute function refuse()`);
  let tries = 0;
  const pause = async () => {
    if (++tries === 3) await db.execute(sql`drop trigger away on platform.job_runs`);
  };
  const slot = await tick(
    { runner: app.runner, clock, isPastDue: false, pause },
    healthMonitor,
    healthMonitor.on as Schedule,
  );
  expect(slot).toMatchObject({ state: "succeeded" });
  expect(tries).toBe(3);
  expect(warnings).toMatchObject([
    { title: "The health check failed", body: expect.stringContaining("shutting down") as string },
  ]);
});
