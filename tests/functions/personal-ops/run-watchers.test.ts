import { sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { incidents } from "#data/personal-ops/personal-ops-schema.ts";
import { notifications } from "#data/platform/notification-schema.ts";
import { runWatchers } from "#functions/personal-ops/run-watchers.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { runJob } from "#support/run-job.ts";

const NOW = "2026-03-10T12:00:00.000Z";
const ago = (minutes: number) => new Date(Date.parse(NOW) - minutes * 60_000).toISOString();
const { db } = await openDatabase();
afterEach(() =>
  emptyTables(db, [
    "personal_ops.incidents",
    "personal_ops.agent_audit_log",
    "platform.notifications",
    "platform.job_runs",
    "platform.rate_limit_buckets",
    "platform.api_calls",
  ]),
);

const watch = (asOf = NOW, settings: Record<string, string> = {}) => runJob(runWatchers, { db, asOf, settings });
const stored = () => db.select().from(incidents).orderBy(incidents.type);

async function failures(count: number, { minutes = 10, output = "{}" } = {}): Promise<void> {
  await db.execute(sql`
    insert into personal_ops.agent_audit_log (at, action, action_type, actor, success, error, output)
    select ${ago(minutes)}::timestamptz, 'sync_n8n', 'job', 'sync_n8n', false, 'connection refused', ${output}::jsonb
      from generate_series(1, ${count}::integer)`);
}

async function calls(minutesAgo: number, count: number): Promise<void> {
  await db.execute(sql`
    insert into platform.api_calls (provider, minute, calls) values ('notion', ${ago(minutesAgo)}::timestamptz, ${count})`);
}

async function bucket(name: string, maxCalls: number, used: number): Promise<void> {
  await db.execute(sql`
    insert into platform.rate_limit_buckets (provider, name, kind, max_calls, period_ms, window_start, used)
    values ('notion', ${name}, 'rate', ${maxCalls}, 1000, ${NOW}::timestamptz, ${used})`);
}

it("finds nothing where nothing is unusual", async () => {
  await failures(2);
  await failures(5, { minutes: 31 });
  await failures(5, { output: '{"state": "skipped", "code": "kill-switch"}' });
  await bucket("3/1s", 3, 719);
  await calls(30, 299);
  for (const week of [1, 2, 3, 4]) await calls(30 + week * 7 * 1_440, 100);
  const { result } = await watch();
  expect(result).toMatchObject({ watched: 4, failed: 0, findings: 0, incidents: 0 });
  expect(await stored()).toEqual([]);
});

it("each watcher begins an incident of its own, with a notification", async () => {
  await failures(3);
  // 90 % and 96 % of the calls that five minutes allow.
  await bucket("3/1s", 3, 810);
  await bucket("5/1s", 5, 1_440);
  await calls(30, 600);
  for (const week of [1, 2, 3, 4]) await calls(30 + week * 7 * 1_440, 100);
  const { result } = await watch(NOW, { PERSONAL_OPS_RECIPIENT: "user:mara" });
  expect(result).toMatchObject({ watched: 4, findings: 4, incidents: 4 });
  const found = await stored();
  expect(found.map(({ type, key, severity }) => `${type}/${key}/${severity}`).sort()).toEqual([
    "action_failures/sync_n8n/WARN",
    "call_volume/notion/WARN",
    "rate_limit_use/notion 3/1s/INFO",
    "rate_limit_use/notion 5/1s/WARN",
  ]);
  const sent = await db.select().from(notifications);
  expect(sent.map(({ recipient }) => recipient)).toEqual(Array(4).fill("user:mara"));
});

it("a cause that is seen again within the hour counts on its incident and is not notified again", async () => {
  await failures(3);
  await watch();
  await watch("2026-03-10T12:05:00.000Z");
  expect(await stored()).toMatchObject([{ type: "action_failures", occurrences: 2 }]);
  expect(await db.select().from(notifications)).toHaveLength(1);
});

it("the day before is the usual volume until there are four weeks", async () => {
  await calls(30, 300);
  await calls(120, 2_400);
  await watch();
  expect(await stored()).toMatchObject([{ type: "call_volume", severity: "INFO" }]);
});

it("a database that works long for a transaction is an incident", async () => {
  await watch();
  // As if 1,000 transactions had taken an hour since the last run.
  await db.execute(sql`
    update platform.job_runs
       set result = result || jsonb_build_object('database', jsonb_build_object(
             'activeMs', (result #>> '{database,activeMs}')::float8 - 3600000,
             'transactions', (result #>> '{database,transactions}')::float8 - 1000))`);
  const { result } = await watch("2026-03-10T12:05:00.000Z");
  expect((result as { database: { meanMs: number } }).database.meanMs).toBeGreaterThan(1_000);
  expect(await stored()).toMatchObject([{ type: "slow_database", key: "database", severity: "WARN" }]);
});

it("a watcher that fails does not stop the other three", async () => {
  await failures(3);
  await calls(30, 300);
  await calls(120, 2_400);
  await db.execute(sql`alter table platform.rate_limit_buckets rename to elsewhere`);
  try {
    const { run, result } = await watch();
    expect(run).toMatchObject({ state: "succeeded", itemFailures: [{ key: "rateLimits" }] });
    expect(result).toMatchObject({ watched: 3, failed: 1, incidents: 2 });
    expect((await stored()).map(({ type }) => type)).toEqual(["action_failures", "call_volume"]);
  } finally {
    await db.execute(sql`alter table platform.elsewhere rename to rate_limit_buckets`);
  }
});
