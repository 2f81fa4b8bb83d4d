import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentAuditLog } from "#data/personal-ops/personal-ops-schema.ts";
import { deadMessages } from "#data/platform/control-schema.ts";
import { completeEffect, intendEffect } from "#data/platform/effects.ts";
import { propertyValuations } from "#data/tax-liens/valuation-schema.ts";
import { jobs, routes } from "#functions/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { aDeadLetterJob, anUpdate, aRun, ratesOf } from "#support/factories.ts";
import { aTopicProposal } from "#support/knowledge.ts";
import { addLien } from "#support/liens.ts";
import { anEtf, closesOf } from "#support/pensions.ts";
import { anIncident, aPatternProposal } from "#support/personal-ops.ts";
import { type AdminApi, startAdminApi } from "./admin/admin-api.ts";

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

it("every route declares its 2XX response: its schema, its media type, or no body", () => {
  const silent = routes.filter(({ response, produces }) => response === undefined && !produces);
  expect(silent.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
});

/** Values of path parameters. */
const PATH_VALUES: Record<string, string> = {};
/** Queries other than the defaults. */
const QUERIES: Record<string, string> = {
  "api/admin/runs": "?limit=1",
  "api/admin/dead-letters": "?which=all",
  "api/admin/effects": "?state=done",
  "api/admin/schedule": "?days=200&zone=Europe/Berlin",
  "api/v1/exchange-rates": "?base=USD",
  "api/notifications/push-subscriptions": "?recipient=user:1",
  "api/personal-ops/memory": "?q=deploys",
};

describe("each response of an app with data matches its schema", () => {
  const made = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const { status, body: answer } = await api.call<T>(method, path, body);
    expect(status, `${method} ${path}: ${JSON.stringify(answer)}`).toBeLessThan(300);
    return answer;
  };

  beforeAll(async () => {
    const { db, clock } = api;
    const now = clock.now();
    const job = { jobId: "sync_fx_latest", family: "portfolio" };
    const errors = [
      { attempt: 1, at: now.toISOString(), class: "validation", name: "Error", message: "no", stack: "Error: no" },
    ];
    await aRun(db, { ...job, state: "dead", errors });
    await aRun(db, { ...job, state: "skipped" });
    await aRun(db, { ...job, state: "running", progress: { done: 1, total: 2, note: "under way" } });
    const failures = [{ key: "1", class: "unknown", reason: "no" }];
    const run = await aRun(db, { ...job, result: { inserted: 2 }, itemFailures: failures, itemFailureCount: 1 });
    await intendEffect(db, "mail:1", run.id, now);
    await completeEffect(db, "mail:1", { messageId: "1" }, now);
    const message = { queue: "rota-runs", messageId: null, body: "{", reason: "broken JSON" };
    await db.insert(deadMessages).values({ ...message, id: run.id, receivedAt: now, resolvedAt: null });
    await ratesOf(db, "2026-03-09");
    await anUpdate(db, { startDate: "2026-03-01" });
    await aDeadLetterJob(db);
    const entry = { at: now, action: "a", actionType: "manual", actor: "a", success: true, output: { a: 1 } } as const;
    await db.insert(agentAuditLog).values(entry);

    await made("POST", "api/v1/etf", { symbol: "VWCE.DE", inUse: true });
    const etf = await anEtf(db);
    await closesOf(db, etf, { "2026-03-09": "120.5" });
    const contributions = [{ reference: "1", date: "2026-03-02", amount: "250.00", currency: "EUR" }];
    const pension = { etf: etf.symbol, name: "A pension", currency: "EUR", contributions };
    PATH_VALUES["api/v1/etf-pensions"] = (
      await made<{ pension: string }>("POST", "api/v1/etf-pensions", pension)
    ).pension;
    const task = {
      owner: "user:1",
      title: "Water the plants",
      dueDate: "2026-03-10T09:00:00+01:00",
      timeZone: "Europe/Berlin",
    };
    const { id } = await made<{ id: string }>("POST", "api/tasks", task);
    await made("POST", `api/tasks/${id}/reminders`, { remindAt: "2026-03-10T08:00:00Z" });
    const newNotification = {
      recipient: "user:1",
      type: "note",
      severity: "INFO",
      title: "Hello",
      body: "News",
      data: { a: [1] },
    };
    const note = await made<{ id: string }>("POST", "api/notifications", newNotification);
    await made("POST", "api/notifications/allow-list", {
      recipient: "user:1",
      channel: "email",
      address: "ann@example.org",
    });
    await made("PUT", "api/settings", { settings: { notification_retention_days: 30 } });
    await made("PUT", "api/counties/sample-az", {
      name: "Sample",
      state: "AZ",
      timeZone: "America/Phoenix",
      ruleSet: "arizona",
      source: {
        kind: "csv",
        url: "https://lists.example.com/liens.csv",
        constants: { taxYear: "2025" },
        fields: { parcelId: "Parcel", faceAmount: "Amount", status: "State" },
      },
    });
    const { lienId, propertyId } = await addLien(db, { countyId: "sample-az" });
    const asked = { template: "lien_due_diligence", lienId };
    const document = await made<{ document: string }>("POST", "api/documents/generate", asked);
    const analysis = await made<{ analysis: string; run: string; episode: string }>(
      "POST",
      "api/agents/orchestrator/analysis",
      { constraints: { budget: "5000" } },
    );
    const messages = [{ source: "chat", externalId: "1", text: "Decision: we keep it" }];
    const { extraction } = await made<{ extraction: string }>("POST", "api/knowledge/messages", { messages });
    const proposal = await aTopicProposal(db, "Backups");
    const patternProposal = await aPatternProposal(db, "Backups");
    await anIncident(db, "sync_n8n", now);
    const valued = { provider: "avm", day: "2026-03-01", value: "20000", state: "valued", createdAt: now } as const;
    await db.insert(propertyValuations).values({ propertyId, ...valued });
    await api.runner.execute(analysis.run);
    const deals = `api/analysis/runs/${analysis.analysis}`;
    const [deal] = (await made<{ deals: { id: number }[] }>("GET", deals)).deals;
    const decision = { decisionId: "1", dealId: deal!.id, decision: "approved", reason: "good", decidedBy: "user" };
    const decided = await made<{ run: string }>("POST", `${deals}/decisions`, { decisions: [decision] });
    await api.runner.execute(decided.run);
    Object.assign(PATH_VALUES, {
      "api/admin/freshness": "exchange_rates",
      "api/admin/jobs": "sync_fx_latest",
      "api/admin/runs": run.id,
      "api/tasks": id,
      "api/notifications": note.id,
      "api/v1/etf": etf.symbol,
      "api/counties": "sample-az",
      "api/liens": String(lienId),
      "api/documents": document.document,
      "api/knowledge/extractions": extraction,
      "api/knowledge/proposals": `topic/${proposal.id}`,
      "api/personal-ops/proposals": String(patternProposal),
      "api/analysis/runs": analysis.analysis,
      "api/agents/episodes": analysis.episode,
    });
    const range = { from: "2026-03-02T00:00:00Z", to: "2026-03-06T00:00:00Z" };
    await made("POST", "api/admin/jobs/sync_fx_latest/backfill", range);
    await made("POST", "api/admin/pause", { scope: "family:tasks", reason: "a test", until: "2h" });
    const quietHours = { from: "22:00", to: "06:00", zone: "Europe/Berlin" };
    await made("PATCH", "api/admin/controls", { scope: "family:portfolio", reason: "a test", quietHours });
  });

  // Files in blob storage have their own tests.
  const gets = routes
    .filter(({ method, path, redirects }) => method === "GET" && !redirects && path !== "api/documents/{id}/content")
    .map(({ path }) => path);
  it.each(gets)("GET %s", async (path) => {
    const place = PATH_VALUES[path.split("/{")[0]!] ?? "";
    const address = path.replace(/\{.*\}/, place) + (QUERIES[path] ?? "");
    expect(await made("GET", address)).toBeDefined();
  });

  const job = "api/admin/jobs/sync_fx_latest";
  it.each([
    ["POST", `${job}/run`, {}],
    ["POST", `${job}/pause`, { reason: "a test" }],
    ["POST", `${job}/resume`, {}],
    ["POST", `${job}/backfill`, { from: "2026-03-02T00:00:00Z", to: "2026-03-06T00:00:00Z", preview: true }],
    ["POST", `${job}/backfill/abort`, {}],
    ["POST", "api/admin/resume", { scope: "family:tasks" }],
    ["POST", "api/admin/runs/retry", { filter: { state: "skipped", job: "sync_fx_latest" }, dryRun: true }],
    ["POST", "api/admin/runs/retry", { filter: { state: "skipped", job: "sync_fx_latest" }, reason: "a test" }],
    ["POST", "api/admin/dead-letters/replay", { filter: { job: "sync_fx_latest" }, dryRun: true }],
    ["POST", "api/admin/dead-letters/replay", { filter: { job: "sync_fx_latest" } }],
    ["POST", "api/admin/providers/notion/open", { reason: "a test" }],
    ["POST", "api/admin/providers/notion/close", { reason: "a test" }],
    ["POST", "api/realtime/negotiate", {}],
    ["POST", "api/notifications/read", { recipient: "user:1" }],
    ["POST", "api/v1/exchange-rates/update/latest", undefined],
    ["POST", "api/v1/exchange-rates/update/historical?start_date=2026-03-02", undefined],
    ["POST", "api/v1/etf/VWCE.DE/update", undefined],
    ["PATCH", "api/v1/etf/VWCE.DE", { inUse: false, reason: "a test" }],
    ["POST", "api/analysis/runs", { constraints: { budget: "5000", counties: ["sample-az"] } }],
  ])("%s %s with %j", async (method, path, body) => {
    await made(method, path, body);
  });
});
