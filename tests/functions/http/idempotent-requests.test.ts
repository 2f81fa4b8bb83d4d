import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import type { Sql } from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connect, type Db } from "#data/client.ts";
import { jobs, routes } from "#functions/index.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { addDeals } from "#support/deals.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aDeadLetterJob, aRun, aTask } from "#support/factories.ts";
import { aTopicProposal } from "#support/knowledge.ts";
import { addLien } from "#support/liens.ts";
import { anEtf, aPension } from "#support/pensions.ts";
import { anIncident, aPatternProposal } from "#support/personal-ops.ts";
import { TestClock } from "#support/test-clock.ts";
import { type AdminApi, startAdminApi } from "./admin/admin-api.ts";

const NOON = new Date("2026-03-10T12:00:00Z");
const day = "2026-03-10";

let database: TestDatabase;
let connection: Db;
let api: AdminApi;
const statements: string[] = [];
beforeAll(async () => {
  database = await migratedDatabase();
  connection = connect({ url: database.url, poolMax: 4, idleMs: 60_000, tls: "disable", prepare: true });
  const logger = { logQuery: (text: string) => void statements.push(text) };
  const db = drizzle(connection.$client as unknown as Sql, { logger }) as unknown as Db;
  api = startAdminApi(database.url, jobs, { db, clock: new TestClock(NOON) });
});
afterAll(async () => {
  await api.close();
  await connection.$client.end();
  await database.drop();
});

/** Starts something by an idempotent route: the address and the body of a request that succeeds. */
type Starter = () => Promise<readonly [address: string, body?: object, headers?: Record<string, string>]>;

const constraints = { budget: "2000" };
const dead = () =>
  aRun(api.db, { jobId: "sync_fx_historical", family: "portfolio", state: "dead", input: { startDate: "2027-01-01" } });
const skipped = () => aRun(api.db, { jobId: "sync_fx_latest", family: "portfolio", state: "skipped" });
const etf = async () => (await anEtf(api.db)).symbol;
const pension = async () => `api/v1/etf-pensions/${await aPension(api.db, await anEtf(api.db))}`;
const deadLetter = async (verb: string) => `api/personal-ops/dead-letters/${await aDeadLetterJob(api.db)}/${verb}`;
const contributions = [{ reference: "1", date: day, amount: "10.00", currency: "EUR" }];

const STARTERS: Readonly<Record<string, Starter>> = {
  "api/admin/jobs/{id}/run": async () => ["api/admin/jobs/sync_fx_historical/run", { startDate: day }],
  "api/admin/jobs/{id}/backfill": async () => [
    "api/admin/jobs/sync_fx_latest/backfill",
    { from: "2026-03-08T00:00:00Z", to: "2026-03-10T00:00:00Z" },
  ],
  "api/admin/runs/{id}/retry": async () => [
    `api/admin/runs/${(await aRun(api.db, { jobId: "sync_fx_latest", family: "portfolio", state: "dead" })).id}/retry`,
    {},
  ],
  "api/admin/runs/retry": async () => ["api/admin/runs/retry", { runs: [(await skipped()).id], reason: "a test" }],
  "api/admin/dead-letters/replay": async () => [
    "api/admin/dead-letters/replay",
    { runs: [(await dead()).id], input: { startDate: day } },
  ],
  "api/notifications": async () => [
    "api/notifications",
    { recipient: "user:1", type: "sample", severity: "INFO", title: "A sample", body: "A sample", channels: ["web"] },
  ],
  "api/v1/exchange-rates/update/latest": async () => ["api/v1/exchange-rates/update/latest"],
  "api/v1/exchange-rates/update/historical": async () => [`api/v1/exchange-rates/update/historical?start_date=${day}`],
  "api/v1/etf": async () => ["api/v1/etf", { symbol: "VWCE.DE" }],
  "api/v1/etf/{symbol}/update": async () => [`api/v1/etf/${await etf()}/update`],
  "api/v1/etf-pensions": async () => [
    "api/v1/etf-pensions",
    { etf: await etf(), name: "A pension", currency: "EUR", contributions },
  ],
  "api/v1/etf-pensions/{id}/contributions": async () => [`${await pension()}/contributions`, { contributions }],
  "api/v1/etf-pensions/{id}/revaluation": async () => [
    `${await pension()}/revaluation`,
    { from: day, reason: "a test" },
  ],
  "api/tasks": async () => ["api/tasks", { owner: "user:1", title: "Water the plants" }],
  "api/tasks/{id}": async () => [`api/tasks/${(await aTask(api.db)).id}`, { title: "Water the trees" }],
  "api/tasks/{id}/reminders": async () => [
    `api/tasks/${(await aTask(api.db)).id}/reminders`,
    { remindAt: "2026-03-11T07:00:00Z" },
  ],
  "api/analysis/runs": async () => {
    await addDeals(api.db, ["candidate"]);
    return ["api/analysis/runs", { constraints: { ...constraints, counties: ["sample-az"] } }];
  },
  "api/agents/orchestrator/analysis": async () => {
    await addDeals(api.db, ["candidate"]);
    return ["api/agents/orchestrator/analysis", { constraints }];
  },
  "api/analysis/runs/{id}/decisions": async () => {
    const { analysisRunId, dealIds } = await addDeals(api.db, ["candidate"]);
    const decision = { decisionId: "1", dealId: dealIds[0], decision: "approved", reason: "good", decidedBy: "user" };
    return [`api/analysis/runs/${analysisRunId}/decisions`, { decisions: [decision] }];
  },
  "api/counties/{id}/ingestions/{ingestion}/undo": async () => {
    await addLien(api.db, { countyId: "undo-az" });
    const [row] = await api.db.execute<{ id: number }>(sql`
      insert into tax_liens.lien_ingestions (run_id, county_id, state, started_at, finished_at, before)
      values (gen_random_uuid(), 'undo-az', 'succeeded', now(), now(), '{"lienId":9,"propertyId":9}')
      returning id::integer`);
    return [`api/counties/undo-az/ingestions/${row!.id}/undo`, { reason: "a test" }];
  },
  "api/counties/{id}/delete": async () => {
    await addLien(api.db, { countyId: "gone-az" });
    return ["api/counties/gone-az/delete", { name: "gone-az", reason: "a test" }];
  },
  "api/documents/generate": async () => {
    const { dealIds } = await addDeals(api.db, ["candidate"]);
    return ["api/documents/generate", { template: "deal_memo", dealId: dealIds[0] }];
  },
  "api/knowledge/proposals/{kind}/{id}/review": async () => [
    `api/knowledge/proposals/topic/${(await aTopicProposal(api.db, "Backups")).id}/review`,
    { action: "reject", reason: "a test" },
    { "if-match": "*" },
  ],
  "api/knowledge/proposals/{kind}/{id}/undo": async () => {
    const rejected = { status: "rejected", reviewedAt: NOON, reviewedBy: "mara" } as const;
    const { id } = await aTopicProposal(api.db, "Restores", rejected);
    return [`api/knowledge/proposals/topic/${id}/undo`, { reason: "a test" }, { "if-match": "*" }];
  },
  "api/personal-ops/dead-letters/{id}/replay": async () => [await deadLetter("replay"), { reason: "a test" }],
  "api/personal-ops/dead-letters/{id}/dismiss": async () => [await deadLetter("dismiss"), { reason: "a test" }],
  "api/personal-ops/incidents/{id}/acknowledge": async () => [
    `api/personal-ops/incidents/${await anIncident(api.db, "a", NOON)}/acknowledge`,
    { reason: "a test" },
  ],
  "api/personal-ops/incidents/{id}/resolve": async () => [
    `api/personal-ops/incidents/${await anIncident(api.db, "b", NOON)}/resolve`,
    { reason: "a test" },
  ],
  "api/personal-ops/proposals/{id}/approve": async () => [
    `api/personal-ops/proposals/${await aPatternProposal(api.db, "a")}/approve`,
    { reason: "a test" },
    { "if-match": "*" },
  ],
  "api/personal-ops/proposals/{id}/reject": async () => [
    `api/personal-ops/proposals/${await aPatternProposal(api.db, "b")}/reject`,
    { reason: "a test" },
    { "if-match": "*" },
  ],
  "api/personal-ops/corrections": async () => [
    "api/personal-ops/corrections",
    { subject: "a phone", wrong: "1", right: "2" },
  ],
  "api/personal-ops/chat-messages": async () => [
    "api/personal-ops/chat-messages",
    { messages: [{ chat: "a", externalId: "1", text: "Hello", sentAt: "2026-03-10T09:00:00Z" }] },
  ],
  "api/knowledge/messages": async () => [
    "api/knowledge/messages",
    { messages: [{ source: "chat", externalId: "1", text: "Decision: we keep it" }] },
  ],
};

const idempotent = routes.filter((route) => route.idempotent);

it("every idempotent route has a request here", () => {
  expect(Object.keys(STARTERS).toSorted()).toEqual(idempotent.map(({ path }) => path).toSorted());
});

it.each(Object.entries(STARTERS))(
  "%s answers a repeated key as before, whatever has changed, and looks the key up first",
  async (path, starter) => {
    Object.assign(api.app, { jobs: catalogueOf(jobs) });
    api.clock.moveTo(NOON);
    const [address, body, headers = {}] = await starter();
    const { method } = idempotent.find((route) => route.path === path)!;
    const key = { ...headers, "idempotency-key": path.replaceAll(/\W/g, "-") };
    const first = await api.call(method, address, body, key);
    expect(first.status, JSON.stringify(first.body)).toBeLessThan(300);

    // Jobs are gone, days lie in the future again, and what the request named is deleted.
    Object.assign(api.app, { jobs: catalogueOf([]) });
    api.clock.moveTo(new Date("2026-03-01T12:00:00Z"));
    await emptyTables(api.db, ["portfolio.etfs", "tasks.tasks", "tax_liens.counties", "tax_liens.analysis_runs"]);
    statements.length = 0;
    const second = await api.call(method, address, body, key);
    expect(second).toMatchObject({ status: 200, body: first.body });
    expect(statements[0]).toContain(`insert into "platform"."idempotency_keys"`);
  },
);
