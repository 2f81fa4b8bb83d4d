import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { jobs } from "#functions/index.ts";
import { syncEtfPrices } from "#functions/portfolio/sync-etf-prices.ts";
import { type FakeYahoo, startFakeYahoo } from "#local/providers/fake-yahoo.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { TestClock } from "#support/test-clock.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

const FRIDAY = "2026-04-10T20:30:00Z";
const MONDAY = "2026-04-13T20:30:00Z";
const clock = new TestClock(FRIDAY);
let database: TestDatabase;
let yahoo: FakeYahoo;
let api: AdminApi;
let offline: AdminApi;
beforeAll(async () => {
  [database, yahoo] = await Promise.all([migratedDatabase(), startFakeYahoo({ asOf: () => clock.now() })]);
  const env = { YAHOO_BASE_URL: yahoo.baseUrl };
  api = startAdminApi(database.url, jobs, { clock, env });
  offline = startAdminApi(database.url, jobs, { clock, env: { ...env, ALLOW_INTERNET_SYNC: "false" } });
});
afterEach(async () => {
  yahoo.recover();
  clock.moveTo(FRIDAY);
  await emptyTables(api.db, ["platform.job_runs", "portfolio.etfs", "portfolio.etf_updates"]);
});
afterAll(async () => {
  await Promise.all([api.close(), offline.close(), yahoo.close()]);
  await database.drop();
});

interface Started {
  run: string;
}

const add = (body: unknown, from = api, headers = {}) => from.call<Started>("POST", "api/v1/etf", body, headers);
const updates = async (query = "") =>
  (await api.call<{ updates: Record<string, unknown>[] }>("GET", `api/v1/updates${query}`)).body.updates;

it("an ETF is added, and the run that fetches its prices is enqueued in the same transaction", async () => {
  const { status, body } = await add({ symbol: "smpw.de", isin: "IE00BK5BQT80", inUse: true });
  expect(status).toBe(202);
  expect(await api.runner.execute(body.run)).toMatchObject({
    jobId: "fetch_etf",
    trigger: "event",
    state: "succeeded",
  });
  const { body: list } = await api.call<{ etfs: unknown[] }>("GET", "api/v1/etf");
  expect(list.etfs).toMatchObject([
    {
      symbol: "SMPW.DE",
      isin: "IE00BK5BQT80",
      state: "ready",
      inUse: true,
      currency: "EUR",
      newestPrice: "2026-04-10",
    },
  ]);
  const { body: first } = await api.call<{ prices: { date: string; close: unknown }[]; next: string }>(
    ...(["GET", "api/v1/etf/SMPW.DE/prices?from=2026-04-08&limit=2"] as const),
  );
  expect(first.prices.map(({ date }) => date)).toEqual(["2026-04-08", "2026-04-09"]);
  expect(first.prices[0]!.close).toEqual(expect.stringMatching(/^\d+\.\d+$/));
  expect(first.next).toBe("2026-04-10");
});

it("a second request is refused, and with the same key it is a repeat", async () => {
  const key = { "idempotency-key": "once" };
  const { body } = await add({ symbol: "SMPW.DE" }, api, key);
  expect(await add({ symbol: "SMPW.DE" }, api, key)).toMatchObject({ status: 200, body: { run: body.run } });
  expect(await add({ symbol: "SMPW.DE" })).toMatchObject({
    status: 409,
    body: { type: "urn:rota:problem:etf-exists" },
  });
  expect(await updates()).toHaveLength(1);
});

it("invalid input names each field", async () => {
  const { status, body } = await api.call("POST", "api/v1/etf", { symbol: "a b", isin: "IE00BK5BQT81", more: 1 });
  expect(status).toBe(400);
  expect(body).toMatchObject({ errors: [{ field: "symbol" }, { field: "isin" }, { field: "more" }] });
  const wrong = await api.call("GET", "api/v1/etf/SMPW.DE/prices?from=2026-02-30");
  expect(wrong).toMatchObject({ status: 400, body: { errors: [{ field: "from" }] } });
  const type = await api.call("POST", "api/v1/etf/SMPW.DE/update?update_type=some");
  expect(type).toMatchObject({ status: 400, body: { errors: [{ field: "update_type" }] } });
  expect((await api.call("POST", "api/v1/etf/SMPW.DE/update")).status).toBe(404);
  expect((await api.call("GET", "api/v1/etf/SMPW.DE/prices")).status).toBe(404);
});

it("its prices are updated on request, the newest or all", async () => {
  await api.runner.execute((await add({ symbol: "SMPW.DE" })).body.run);
  const newest = await api.call<Started>("POST", "api/v1/etf/SMPW.DE/update?update_type=prices_only");
  expect(await api.runner.execute(newest.body.run)).toMatchObject({ jobId: "sync_etf_prices", state: "succeeded" });
  const full = await api.call<Started>("POST", "api/v1/etf/SMPW.DE/update?update_type=full");
  expect(await api.runner.execute(full.body.run)).toMatchObject({ jobId: "refresh_etf", result: { changed: 0 } });
  expect(await updates("?of=etf_prices&state=succeeded")).toMatchObject([
    { kind: "refresh", of: "etf_prices" },
    { kind: "sync" },
    { kind: "fetch" },
  ]);
});

it("failed updates are shown with their errors", async () => {
  await api.runner.execute((await add({ symbol: "GONE.DE" })).body.run);
  expect(await updates("?state=failed")).toMatchObject([
    { of: "etf_prices", symbol: "GONE.DE", error: expect.stringContaining("404 Not Found") as string },
  ]);
});

describe("a retired ETF", () => {
  const change = (body: unknown, symbol = "SMPW.DE") => api.call("PATCH", `api/v1/etf/${symbol}`, body);
  const retire = { inUse: false, reason: "the fund was closed" };
  const evening = async () => {
    const { id } = await api.enqueuer.enqueue(syncEtfPrices, { input: {}, trigger: "manual", requestedBy: "a test" });
    return api.runner.execute(id);
  };
  const audited = async () =>
    (await api.call<{ entries: unknown[] }>("GET", "api/admin/audit?subject=etf:SMPW.DE")).body.entries;
  beforeEach(async () => {
    await emptyTables(api.db, ["platform.audit_log"]);
    await api.runner.execute((await add({ symbol: "SMPW.DE", inUse: true })).body.run);
    clock.moveTo(MONDAY);
  });

  it("is not synchronised in the evening, and its history stays", async () => {
    expect(await change(retire, "smpw.de")).toMatchObject({
      status: 200,
      body: { symbol: "SMPW.DE", inUse: false, pensions: 0 },
    });
    const asked = yahoo.requests.length;
    expect(await evening()).toMatchObject({ state: "succeeded", result: {} });
    expect(yahoo.requests).toHaveLength(asked);
    expect((await api.call("GET", "api/v1/etf")).body).toMatchObject({
      etfs: [{ symbol: "SMPW.DE", state: "ready", inUse: false, newestPrice: "2026-04-10" }],
    });
    expect((await api.call("GET", "api/v1/etf/SMPW.DE/prices?from=2026-04-10")).body).toMatchObject({
      prices: [{ date: "2026-04-10" }],
    });
  });

  it("is retired once for repeated requests, and the audit has the reason", async () => {
    for (const _ of [1, 2]) expect((await change(retire)).status).toBe(200);
    expect(await audited()).toMatchObject([
      { action: "ETF retired", reason: retire.reason, before: { inUse: true }, after: { inUse: false } },
    ]);
  });

  it("has the number of its pensions in the response, and a new pension takes it back into use", async () => {
    const pension = { etf: "SMPW.DE", name: "Old age", currency: "EUR" };
    await api.call("POST", "api/v1/etf-pensions", pension);
    expect((await change(retire)).body).toMatchObject({ inUse: false, pensions: 1 });
    await api.call("POST", "api/v1/etf-pensions", pension);
    expect((await evening())?.result).toEqual({ updated: 1 });
  });

  it("is taken back into use by the same route", async () => {
    await change(retire);
    expect((await change({ inUse: true, reason: "a mistake" })).body).toMatchObject({ inUse: true });
    expect((await evening())?.result).toEqual({ updated: 1 });
    expect(await audited()).toMatchObject([{ action: "ETF taken back into use" }, { action: "ETF retired" }]);
  });

  it("must exist, and the reason must be given", async () => {
    expect(await change(retire, "SMPX.DE")).toMatchObject({
      status: 404,
      body: { detail: "there is no ETF SMPX.DE; add it with POST /api/v1/etf" },
    });
    expect(await change({})).toMatchObject({
      status: 400,
      body: { errors: [{ field: "inUse" }, { field: "reason" }] },
    });
    expect(await audited()).toEqual([]);
  });
});

it("while the internet is switched off the response is 409, and a refused update is stored", async () => {
  const { status, body } = await add({ symbol: "SMPW.DE" }, offline);
  expect(status).toBe(409);
  expect(body).toMatchObject({ type: "urn:rota:problem:internet-sync-disabled" });
  expect(await updates("?state=refused")).toMatchObject([{ symbol: "SMPW.DE", kind: "fetch" }]);
  expect((await api.call("GET", "api/v1/etf")).body).toEqual({ etfs: [], next: null });
});
