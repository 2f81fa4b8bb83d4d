import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { raiseIncident } from "#data/personal-ops/incidents.ts";
import { corrections, incidents, patterns, proposals } from "#data/personal-ops/personal-ops-schema.ts";
import { notifications } from "#data/platform/notification-schema.ts";
import { periodicScan } from "#functions/personal-ops/periodic-scan.ts";
import { type FakeN8n, startFakeN8n } from "#local/providers/fake-n8n.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { runJob } from "#support/run-job.ts";

const NOW = "2026-03-10T12:30:00.000Z";
const ago = (minutes: number) => new Date(Date.parse(NOW) - minutes * 60_000);
const { db } = await openDatabase();
let server: FakeN8n;
beforeAll(async () => {
  server = await startFakeN8n();
});
afterAll(() => server.close());
beforeEach(() => {
  server.recover();
});
afterEach(() =>
  emptyTables(db, [
    "personal_ops.incidents",
    "personal_ops.agent_audit_log",
    "personal_ops.patterns",
    "personal_ops.corrections",
    "personal_ops.chat_messages",
    "personal_ops.data_source_sync",
    "platform.notifications",
    "platform.job_runs",
  ]),
);

const scan = (asOf: string = NOW, settings?: Record<string, string>) =>
  runJob(periodicScan, { db, asOf, settings: settings ?? { N8N_BASE_URL: server.origin, N8N_API_KEY: "demo" } });

async function message(externalId: string, text: string, direction = "from_person"): Promise<void> {
  await db.execute(sql`
    insert into personal_ops.chat_messages (chat, external_id, direction, text, sent_at, stored_at)
    values ('telegram', ${externalId}, ${direction}, ${text}, ${ago(30).toISOString()}::timestamptz, ${ago(30).toISOString()}::timestamptz)`);
}

it("without a configured source the run is skipped, with the settings that are missing", async () => {
  const { run } = await scan(NOW, {});
  expect(run).toMatchObject({ state: "skipped", reasonCode: "not-configured" });
  expect(run.reason).toContain("N8N_BASE_URL and N8N_API_KEY");
});

it("stores the corrections in messages of the person once, and patterns and proposals by their confidence", async () => {
  await message("1", "Correction: Acme's phone is 555-0100, not 555-0199");
  await message("2", "No, acme's phone is 555-0100, not 555-0198");
  await message("3", "Correction: the total is 7, not 8", "to_person");
  await failures("sync_hubspot", 4, 4);
  const { run, result } = await scan();
  expect(run.state, JSON.stringify(run.errors)).toBe("succeeded");
  expect(result).toMatchObject({
    sources: { n8n: "synchronised", notion: "not configured", chat: "synchronised" },
    patterns: 2,
    proposed: 1,
    waiting: 0,
  });
  expect(await db.select().from(corrections)).toHaveLength(2);
  expect(await db.select().from(patterns).orderBy(patterns.confidence)).toMatchObject([
    { type: "repeated_correction", evidence: { right: "555-0100" } },
    { type: "repeated_failure", evidence: { action: "sync_hubspot" } },
  ]);
  expect(await db.select().from(proposals)).toMatchObject([
    { title: "sync_hubspot failed 4 of 4 times in 24 hours", status: "pending", confidence: 0.8 },
  ]);
  const { result: again } = await scan("2026-03-10T13:00:00.000Z");
  expect(again).toMatchObject({ proposed: 0 });
  expect(await db.select().from(corrections)).toHaveLength(2);
  expect((await db.select().from(patterns)).map(({ occurrences }) => occurrences)).toEqual([2, 2]);
});

it("what finds no place in the hour is proposed in the next one", async () => {
  for (let n = 1; n <= 12; n++) await failures(`action ${n}`, 4, 4);
  expect((await scan()).result).toMatchObject({ patterns: 12, proposed: 10, waiting: 2 });
  expect((await scan("2026-03-10T12:45:00.000Z")).result).toMatchObject({ proposed: 0, waiting: 2 });
  expect((await scan("2026-03-10T13:00:00.000Z")).result).toMatchObject({ proposed: 2, waiting: 0 });
});

it("resolves the incidents whose cause was not seen for an hour", async () => {
  const cause = { severity: "WARN", title: "It fails" } as const;
  await db.transaction(async (tx) => {
    await raiseIncident(tx, { type: "a", key: "old", ...cause }, ago(61));
    await raiseIncident(tx, { type: "a", key: "new", ...cause }, ago(59));
  });
  expect((await scan()).result).toMatchObject({ resolved: 1 });
  const found = await db.select().from(incidents).orderBy(incidents.key);
  expect(found.map(({ key, status }) => [key, status])).toEqual([
    ["new", "open"],
    ["old", "resolved"],
  ]);
});

it("fails when no source is reached; the third failure in a row notifies once, and a success ends the incident", async () => {
  server.fail({ kind: "401" });
  const at = (n: number) => new Date(Date.parse(NOW) + n * 1_800_000).toISOString();
  const states = [];
  for (let n = 0; n < 4; n++) states.push((await scan(at(n))).run.state);
  expect(states).toEqual(["dead", "dead", "dead", "dead"]);
  const alerts = async () => (await db.select().from(incidents)).filter(({ type }) => type === "job_failures");
  expect(await alerts()).toMatchObject([{ key: "periodic_scan", status: "open", occurrences: 2 }]);
  const sent = await db.select().from(notifications);
  expect(sent.filter(({ type }) => type === "personal_ops.job_failures")).toHaveLength(1);
  server.recover();
  expect((await scan(at(4))).run.state).toBe("succeeded");
  expect(await alerts()).toMatchObject([{ status: "resolved" }]);
});

async function failures(action: string, count: number, attempts: number): Promise<void> {
  await db.execute(sql`
    insert into personal_ops.agent_audit_log (at, action, action_type, actor, success, error)
    select ${ago(60).toISOString()}::timestamptz, ${action}, 'job', ${action}, n > ${count},
           case when n <= ${count} then 'connection refused' end
      from generate_series(1, ${attempts}::integer) n`);
}
