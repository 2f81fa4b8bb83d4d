import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Run } from "#data/platform/platform-schema.ts";
import { jobs } from "#functions/index.ts";
import { syncEtfPrices } from "#functions/portfolio/sync-etf-prices.ts";
import { syncFxLatest } from "#functions/portfolio/sync-fx-latest.ts";
import { isScheduled, type Job } from "#jobs/job.ts";
import { type FakeEcb, startFakeEcb } from "#local/providers/fake-ecb.ts";
import { type FakeYahoo, startFakeYahoo } from "#local/providers/fake-yahoo.ts";
import { nextOccurrence } from "#schedule/occurrences.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { startProgram } from "#support/program.ts";
import { TestClock } from "#support/test-clock.ts";
import { type AdminApi, startAdminApi } from "../http/admin/admin-api.ts";

/*
 * The guarantees of the portfolio family as a whole, over its routes and with fake servers. The rest is in the tests of
 * each job.
 */
const THURSDAY = "2026-04-09T06:00:00Z";
const clock = new TestClock(THURSDAY);
let database: TestDatabase;
let ecb: FakeEcb;
let yahoo: FakeYahoo;
let api: AdminApi;
beforeAll(async () => {
  const asOf = () => clock.now();
  [database, ecb, yahoo] = await Promise.all([migratedDatabase(), startFakeEcb({ asOf }), startFakeYahoo({ asOf })]);
  const providers = { FX_PROVIDERS: "ecb", ECB_BASE_URL: ecb.baseUrl, ETF_PROVIDERS: "yahoo" };
  const env = { ...providers, YAHOO_BASE_URL: yahoo.baseUrl, ETF_RETRY_DELAY: "1ms" };
  api = startAdminApi(database.url, jobs, { clock, env });
});
beforeEach(() => {
  clock.moveTo(THURSDAY);
});
afterEach(async () => {
  for (const provider of [ecb, yahoo]) provider.recover();
  api.dispatched.length = 0;
  await api.db.execute(sql`
    truncate platform.job_runs, portfolio.etfs, portfolio.etf_updates, portfolio.exchange_rates,
             portfolio.exchange_rate_updates, platform.idempotency_keys cascade`);
});
afterAll(async () => {
  await Promise.all([api.close(), ecb.close(), yahoo.close()]);
  await database.drop();
});

/** Executes the requested runs and the runs that they enqueue, except those that have to wait. */
async function untilQuiet(): Promise<Run[]> {
  const done: Run[] = [];
  for (let next = api.dispatched.shift(); next; next = api.dispatched.shift()) {
    if (next.at > clock.now()) continue;
    const run = await api.runner.execute(next.id);
    if (run) done.push(run);
  }
  return done;
}

/** Runs the next slot of the job, as its timer does. */
async function atItsSlot(job: Job): Promise<Run | undefined> {
  if (!isScheduled(job)) throw new Error(`${job.id} has no schedule`);
  const slot = nextOccurrence(job.on, clock.now())!;
  clock.moveTo(slot);
  return api.runner.runSlot(job, slot);
}

const post = async (path: string, body: unknown = {}) => (await api.call("POST", path, body)).status;
const updates = async (query: string) =>
  (await api.call<{ updates: Record<string, unknown>[] }>("GET", `api/v1/updates?${query}`)).body.updates;

/** ETFs with their prices. */
async function added(...symbols: string[]): Promise<void> {
  for (const symbol of symbols) expect(await post("api/v1/etf", { symbol, inUse: true })).toBe(202);
  for (const run of await untilQuiet()) expect(run.state).toBe("succeeded");
}

/** A pension in euros on an ETF in pounds, with the rates of its days. */
async function aPension(): Promise<string> {
  await added("SMPK.L");
  expect(await post("api/v1/exchange-rates/update/historical?start_date=2026-03-25")).toBe(202);
  const contributions = [{ reference: "april", date: "2026-04-01", amount: "250.00", currency: "EUR" }];
  const pension = { etf: "SMPK.L", name: "Old age", currency: "EUR", contributions };
  const { body } = await api.call<{ pension: string }>("POST", "api/v1/etf-pensions", pension);
  await untilQuiet();
  return body.pension;
}

const lastDay = async (pension: string) =>
  (
    await api.call<{ values: { date: string; state: string; value: string }[] }>(
      "GET",
      `api/v1/etf-pensions/${pension}/values?from=2026-04-08`,
    )
  ).body.values.at(-1);

/** The number of all financial rows, and of the distinct ones. */
async function financialRows(): Promise<Record<string, number>> {
  const [row] = await api.db.execute<Record<string, number>>(sql`
    select (select count(*)::integer from portfolio.exchange_rates) as rates,
           (select count(distinct (quote, date))::integer from portfolio.exchange_rates) as "distinct rates",
           (select count(*)::integer from portfolio.etf_prices) as prices,
           (select count(distinct (etf_id, date))::integer from portfolio.etf_prices) as "distinct prices",
           (select count(*)::integer from portfolio.etf_pension_values) as values,
           (select count(distinct (pension_id, date))::integer from portfolio.etf_pension_values) as "distinct values"`);
  return row!;
}

it("the scheduler runs both daily families, rates at 16:30 and prices at 22:30 in Frankfurt, and pensions are valued after them", async () => {
  const pension = await aPension();
  expect(await lastDay(pension)).toMatchObject({ date: "2026-04-08", state: "final" });

  const rates = await atItsSlot(syncFxLatest);
  expect(rates).toMatchObject({ state: "succeeded", trigger: "schedule", result: { date: "2026-04-09" } });
  expect(clock.now().toISOString()).toBe("2026-04-09T14:30:00.000Z");
  expect(await untilQuiet()).toMatchObject([{ jobId: "retry_pending_etf_valuations", state: "succeeded" }]);

  const prices = await atItsSlot(syncEtfPrices);
  expect(prices).toMatchObject({ state: "succeeded", trigger: "schedule", result: { updated: 1 } });
  expect(clock.now().toISOString()).toBe("2026-04-09T20:30:00.000Z");
  expect(await untilQuiet()).toMatchObject([{ jobId: "retry_pending_etf_valuations", result: { valued: 1 } }]);
  expect(await lastDay(pension)).toMatchObject({ date: "2026-04-09", state: "final" });

  expect(await api.runner.runSlot(syncEtfPrices, clock.now()), "the slot was taken").toBeUndefined();
});

describe("HTTP triggers", () => {
  it.each([
    ["api/v1/exchange-rates/update/latest", "sync_fx_latest"],
    ["api/v1/exchange-rates/update/historical?start_date=2026-03-25", "sync_fx_historical"],
    ["api/v1/etf/SMPA/update?update_type=prices_only", "sync_etf_prices"],
    ["api/v1/etf/SMPA/update?update_type=full", "refresh_etf"],
    ["api/admin/jobs/sync_etf_prices/run", "sync_etf_prices"],
    ["api/admin/jobs/retry_pending_etf_valuations/run", "retry_pending_etf_valuations"],
  ])("POST %s runs %s", async (path, jobId) => {
    await added("SMPA");
    expect(await post(path)).toBe(202);
    const [run] = await untilQuiet();
    expect(run).toMatchObject({ jobId, trigger: "manual", state: "succeeded" });
  });
});

it("a failure is visible with its reason: in the family's updates, in the run, and in the dead letters", async () => {
  await added("SMPA", "SMPT");
  yahoo.fail({ kind: "error-200", only: "SMPT" });
  await post("api/v1/etf/SMPT/update?update_type=prices_only");
  const [run] = await untilQuiet();
  expect(run).toMatchObject({ state: "dead" });
  const reason = expect.stringContaining("the response of yahoo for SMPT is an error") as string;
  expect(await updates("of=etf_prices&state=failed")).toMatchObject([
    { symbol: "SMPT", state: "failed", error: reason },
  ]);
  expect((await api.call("GET", `api/admin/runs/${run!.id}`)).body).toMatchObject({
    state: "dead",
    itemFailures: [{ key: "SMPT", reason }],
  });
  expect((await api.call("GET", "api/admin/dead-letters")).body).toMatchObject({ deadLetters: [{ id: run!.id }] });

  ecb.fail({ kind: "503" });
  await post("api/v1/exchange-rates/update/latest");
  await untilQuiet();
  expect(await updates("of=exchange_rates&state=pending")).toMatchObject([
    { state: "pending", error: expect.stringMatching(/ecb.*503/) as string },
  ]);
});

it("retried jobs make no duplicate financial rows", async () => {
  const pension = await aPension();
  await added("SMPA", "SMPT");
  clock.moveTo("2026-04-10T21:00:00Z");
  // One ETF succeeds, two fail: the run is retried.
  for (const only of ["SMPA", "SMPT"]) yahoo.fail({ kind: "503", only });
  await post("api/admin/jobs/sync_etf_prices/run");
  const [first] = await untilQuiet();
  expect(first).toMatchObject({ state: "retrying", itemFailureCount: 2 });
  yahoo.recover();
  clock.advance(3_600_000);
  expect(await api.runner.execute(first!.id)).toMatchObject({ state: "succeeded", attempt: 2, result: { updated: 2 } });

  const everything = async () => {
    for (const job of ["sync_fx_latest", "sync_etf_prices"]) await post(`api/admin/jobs/${job}/run`);
    await post("api/v1/exchange-rates/update/historical?start_date=2026-03-25");
    for (const run of await untilQuiet()) expect(run.state).toBe("succeeded");
  };
  await everything();
  expect(await lastDay(pension)).toMatchObject({ date: "2026-04-10", state: "final" });
  const before = await financialRows();
  expect(before).toMatchObject({
    rates: before["distinct rates"],
    prices: before["distinct prices"],
    values: before["distinct values"],
  });
  clock.advance(3_600_000);
  await everything();
  expect(await financialRows()).toEqual(before);
});

it("after kill -9 during a synchronisation and a restart, no run is stuck and no row is duplicated", async () => {
  await added("SMPW.DE", "SMPA");
  clock.moveTo("2026-04-10T21:00:00Z");
  yahoo.fail({ kind: "hang", only: "SMPA" });
  await post("api/admin/jobs/sync_etf_prices/run");
  const { id } = api.dispatched.shift()!;
  const asked = () => yahoo.requests.filter((request) => request.includes("SMPA")).length;
  const before = asked();
  const child = startProgram(new URL("./sync-etf-prices.child.ts", import.meta.url), [
    ...[database.url, clock.now().toISOString(), id, "1000", yahoo.baseUrl],
  ]);
  await expect.poll(asked).toBeGreaterThan(before);
  await child.kill();
  expect(await updates("state=running")).toHaveLength(1);

  yahoo.recover();
  await expect.poll(() => api.runner.rescueExpiredRuns()).toEqual({ retrying: 1, dead: 0 });
  expect(await updates("state=running")).toEqual([]);
  clock.advance(60_000);
  expect(await api.runner.execute(id)).toMatchObject({ state: "succeeded", attempt: 2, result: { updated: 2 } });
  const { body } = await api.call<{ runs: unknown[] }>("GET", "api/admin/runs?state=running");
  expect(body.runs).toEqual([]);
  const rows = await financialRows();
  expect(rows.prices).toBe(rows["distinct prices"]);
});
