import { and, eq, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { jobRuns } from "#data/platform/platform-schema.ts";
import { listEtfUpdates } from "#data/portfolio/etf-updates.ts";
import { fetchEtf } from "#functions/portfolio/fetch-etf.ts";
import { syncEtfPrices } from "#functions/portfolio/sync-etf-prices.ts";
import type { YahooFault } from "#local/providers/fake-yahoo.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type EtfFixture, openEtfFixture } from "./etf-fixture.ts";

const THURSDAY = "2026-04-02T20:30:00Z";
const NEXT_FRIDAY = "2026-04-10T20:30:00Z";

let etfs: EtfFixture;
beforeAll(async () => {
  etfs = await openEtfFixture();
});
beforeEach(() => {
  etfs.setNow(THURSDAY);
});
afterEach(() => etfs.clear());
afterAll(() => etfs.close());

/** ETFs in use that were fetched on Thursday, a week ago. */
async function fetched(...symbols: string[]) {
  for (const symbol of symbols) {
    await etfs.add(symbol);
    const { run } = await etfs.run(fetchEtf, { symbol });
    expect(run.state, JSON.stringify(run.errors)).toBe("succeeded");
  }
  await emptyTables(etfs.db, ["portfolio.etf_updates"]);
  etfs.setNow(NEXT_FRIDAY);
}

const newest = async (symbol: string) => (await etfs.prices(symbol)).at(-1)?.date;

it("stores the days since the last stored one, only for the ETFs in use", async () => {
  await fetched("SMPW.DE", "SMPA");
  await etfs.add("SMPT", { inUse: false });
  const asked = etfs.yahoo.requests.length;
  const { run } = await etfs.run(syncEtfPrices);
  expect(run).toMatchObject({ state: "succeeded", result: { updated: 2 }, itemFailureCount: 0 });
  expect(await newest("SMPW.DE")).toBe("2026-04-10");
  expect(await newest("SMPA")).toBe("2026-04-10");
  expect(await etfs.prices("SMPT")).toEqual([]);
  expect(etfs.yahoo.requests.length - asked).toBe(2);
  expect(await listEtfUpdates(etfs.db, { limit: 10 })).toMatchObject([
    {
      kind: "sync",
      symbol: null,
      state: "succeeded",
      inserted: 12,
      skipped: 10,
      startDate: "2026-03-27",
      endDate: "2026-04-10",
    },
  ]);
});

it("a second run adds and changes nothing", async () => {
  await fetched("SMPW.DE");
  await etfs.run(syncEtfPrices);
  await etfs.db.execute(sql`update portfolio.etf_prices set close = close + 0.01 where date = '2026-04-10'`);
  const before = await etfs.prices("SMPW.DE");
  etfs.setNow("2026-04-11T20:30:00Z");
  const { run } = await etfs.run(syncEtfPrices);
  expect(run.result).toEqual({ unchanged: 1 });
  expect(await etfs.prices("SMPW.DE")).toEqual(before);
});

it("fills in a missing day among the last stored ones", async () => {
  await fetched("SMPW.DE");
  await etfs.db.execute(sql`delete from portfolio.etf_prices where date = '2026-03-31'`);
  await etfs.run(syncEtfPrices);
  expect((await etfs.prices("SMPW.DE")).map(({ date }) => date)).toContain("2026-03-31");
});

it("stores all prices of an ETF without prices", async () => {
  await etfs.add("SMPW.DE");
  await etfs.run(syncEtfPrices);
  expect((await etfs.prices("SMPW.DE"))[0]?.date).toBe("2015-01-02");
  expect(await etfs.etf("SMPW.DE")).toMatchObject({ state: "ready" });
});

it("one failed ETF affects no other, and the tracking table has its reason", async () => {
  await fetched("SMPW.DE", "SMPA", "SMPT");
  await etfs.db.execute(sql`update portfolio.etfs set currency = 'CHF' where symbol = 'SMPA'`);
  const { run } = await etfs.run(syncEtfPrices);
  const reason = /yahoo for SMPA is in USD, but the stored prices are in CHF/;
  expect(run).toMatchObject({ state: "succeeded", result: { updated: 2 }, itemFailureCount: 1 });
  expect(run.itemFailures).toMatchObject([
    { key: "SMPA", class: "validation", reason: expect.stringMatching(reason) as string },
  ]);
  expect(await newest("SMPA")).toBe("2026-04-02");
  expect(await listEtfUpdates(etfs.db, { state: "failed", limit: 10 })).toMatchObject([
    { kind: "sync", symbol: "SMPA", runId: run.id, error: expect.stringMatching(reason) as string },
  ]);
  expect(await listEtfUpdates(etfs.db, { state: "succeeded", limit: 10 })).toMatchObject([
    { symbol: null, inserted: 12 },
  ]);
});

it.each<[YahooFault | "404", RegExp]>([
  ["error-200", /is an error: "Internal Server Error" "the backend did not answer"/],
  ["empty-series", /has no prices/],
  ["no-timestamps", /has prices without timestamps/],
  ["bad-price", /has "NaN" as close on 2026-04-09/],
  ["duplicate-date", /has 2026-04-09 twice/],
  ["future-date", /has a price for 2100-01-04, which is in the future/],
  ["no-currency", /has no currency/],
  ["wrong-symbol", /is about "SMPX\.DE", and SMPW\.DE was asked for/],
  ["404", /404 Not Found/],
])(
  "an invalid response with %s fails its ETF with the reason, changes nothing of it, and the other ETFs succeed",
  async (kind, reason) => {
    await fetched("SMPA", "SMPW.DE", "SMPT");
    const before = await etfs.prices("SMPW.DE");
    etfs.yahoo.fail({ kind, only: "SMPW.DE" });
    const { run } = await etfs.run(syncEtfPrices);
    expect(run).toMatchObject({ state: "succeeded", result: { updated: 2 }, itemFailureCount: 1 });
    expect(run.itemFailures?.[0]).toMatchObject({ key: "SMPW.DE", reason: expect.stringMatching(reason) as string });
    expect(await listEtfUpdates(etfs.db, { state: "failed", limit: 10 })).toMatchObject([
      { symbol: "SMPW.DE", error: expect.stringMatching(reason) as string },
    ]);
    expect(await etfs.prices("SMPW.DE")).toEqual(before);
    expect([await newest("SMPA"), await newest("SMPT")]).toEqual(["2026-04-10", "2026-04-10"]);
  },
);

it("an ETF whose prices the database refuses fails alone in its transaction", async () => {
  await fetched("SMPA", "SMPW.DE", "SMPT");
  const { id } = await etfs.etf("SMPW.DE");
  await etfs.db.execute(
    sql.raw(`alter table portfolio.etf_prices add constraint not_this_one check (etf_id <> ${id}) not valid`),
  );
  const { run } = await etfs.run(syncEtfPrices);
  await etfs.db.execute(sql`alter table portfolio.etf_prices drop constraint not_this_one`);
  expect(run).toMatchObject({ state: "succeeded", result: { updated: 2 }, itemFailureCount: 1 });
  expect(run.itemFailures).toMatchObject([
    { key: "SMPW.DE", reason: expect.stringContaining("not_this_one") as string },
  ]);
  expect(await newest("SMPW.DE")).toBe("2026-04-02");
  expect(await listEtfUpdates(etfs.db, { state: "succeeded", limit: 10 })).toMatchObject([
    { symbol: null, inserted: 12 },
  ]);
});

it("stores more ETFs than one transaction holds in several, and counts all", async () => {
  await fetched("SMPA");
  const symbols = Array.from({ length: 54 }, (_, n) => `NONE${n}`);
  for (const symbol of symbols) await etfs.add(symbol);
  await etfs.add("SMPT");
  const { run } = await etfs.run(syncEtfPrices);
  expect(run).toMatchObject({ state: "dead", itemFailureCount: 54 });
  expect([await newest("SMPA"), await newest("SMPT")]).toEqual(["2026-04-10", "2026-04-10"]);
});

it("each of 300 failed ETFs has its own row with the reason, and none of them stops the others", async () => {
  await fetched("SMPA");
  const symbols = Array.from({ length: 300 }, (_, n) => `NONE${n}`);
  for (const symbol of symbols) await etfs.add(symbol);
  await etfs.add("SMPT");
  const { run } = await etfs.run(syncEtfPrices);
  expect(run).toMatchObject({ state: "dead", itemFailureCount: 300 });
  expect(run.itemFailures).toHaveLength(100);
  expect([await newest("SMPA"), await newest("SMPT")]).toEqual(["2026-04-10", "2026-04-10"]);
  const rows = await listEtfUpdates(etfs.db, { state: "failed", limit: 500 });
  const failed = rows.filter(({ symbol }) => symbol !== null);
  expect(failed.map(({ symbol }) => symbol).sort()).toEqual(symbols.toSorted());
  for (const { error } of failed) expect(error).toMatch(/404 Not Found/);
});

describe("a transient failure", () => {
  it("is retried within the run", async () => {
    await fetched("SMPW.DE");
    etfs.yahoo.fail({ kind: "503", times: 2 });
    const { run } = await etfs.run(syncEtfPrices);
    expect(run).toMatchObject({ state: "succeeded", result: { updated: 1 } });
  });

  it("with a wait is retried after it", async () => {
    await fetched("SMPW.DE", "SMPA");
    etfs.yahoo.fail({ kind: "429", retryAfter: "0", times: 1 });
    const { run } = await etfs.run(syncEtfPrices);
    expect(run).toMatchObject({ state: "succeeded", result: { updated: 2 } });
  });

  it("with a wait longer than a run allows gets one request, for the first ETF", async () => {
    await fetched("SMPW.DE", "SMPA", "SMPT", "SMPE.DE", "SMPK.L", "SMPM.L");
    const asked = etfs.yahoo.requests.length;
    etfs.yahoo.fail({ kind: "429", retryAfter: "3600" });
    const { run } = await etfs.run(syncEtfPrices);
    expect(run.state).toBe("retrying");
    expect(run.itemFailures?.at(-1)?.reason).toMatch(/yahoo was not called for \S+: its rate limit ends in/);
    expect(etfs.yahoo.requests.length - asked).toBeLessThanOrEqual(4);
  });

  it("of most ETFs fails the run, and the next attempt fetches only the missing ones", async () => {
    await fetched("SMPW.DE", "SMPA", "SMPT");
    // The first request succeeds; four attempts each of the other two fail.
    const { process, run } = await (async () => {
      await etfs.db.execute(sql`update portfolio.etfs set currency = 'CHF' where symbol in ('SMPA', 'SMPT')`);
      return etfs.run(syncEtfPrices);
    })();
    expect(run).toMatchObject({ state: "dead", itemFailureCount: 2 });
    await etfs.db.execute(sql`update portfolio.etfs set currency = 'USD' where currency = 'CHF'`);
    await etfs.db
      .update(jobRuns)
      .set({ state: "retrying", finishedAt: null, maxAttempts: 9, notBefore: new Date(0) })
      .where(eq(jobRuns.id, run.id));
    const asked = etfs.yahoo.requests.length;
    expect(await process.runner.execute(run.id)).toMatchObject({ state: "succeeded", result: { updated: 2 } });
    expect(etfs.yahoo.requests.length - asked).toBe(2);
  });
});

describe("a series has one kind", () => {
  it("a fallback of the other kind gets no request, and the reason names it", async () => {
    await fetched("SMPW.DE");
    etfs.yahoo.fail({ kind: "404" });
    const asked = etfs.stooq.requests.length;
    const { run } = await etfs.run(syncEtfPrices, {}, { ETF_PROVIDERS: "yahoo,stooq" });
    expect(run.itemFailures?.[0]?.reason).toMatch(
      /stooq was not called for SMPW\.DE: its prices are adjusted, the stored ones raw; a full refresh may switch to it/,
    );
    expect(etfs.stooq.requests).toHaveLength(asked);
  });

  it("a fallback of the same kind continues it", async () => {
    await fetched("SMPW.DE");
    etfs.yahoo.fail({ kind: "500" });
    const { run } = await etfs.run(syncEtfPrices, {}, { ETF_PROVIDERS: "yahoo,stooq,twelve-data" });
    expect(run.result, JSON.stringify(run.itemFailures)).toEqual({ updated: 1 });
    const sources = (await etfs.prices("SMPW.DE")).slice(-7).map(({ source }) => source);
    expect(sources).toEqual(["yahoo", ...Array.from({ length: 6 }, () => "twelve-data")]);
  });
});

it("after a split it adds no price to the old ones, and enqueues a refresh in the same transaction", async () => {
  await fetched("SMPT");
  const before = await etfs.prices("SMPT");
  etfs.yahoo.fail({ kind: "rescaled" });
  const { run, process } = await etfs.run(syncEtfPrices);
  expect(run).toMatchObject({ state: "succeeded", result: { "to be refreshed": 1 } });
  expect(await etfs.prices("SMPT")).toEqual(before);
  const children = await etfs.db
    .select()
    .from(jobRuns)
    .where(and(eq(jobRuns.parentRunId, run.id), eq(jobRuns.jobId, "refresh_etf")));
  expect(children).toMatchObject([{ jobId: "refresh_etf", input: { symbol: "SMPT" }, state: "queued" }]);
  expect(await process.runner.execute(children[0]!.id)).toMatchObject({ state: "succeeded", result: { removed: 0 } });
  const [first] = await etfs.prices("SMPT");
  expect(Number(first!.close)).toBeCloseTo(Number(before[0]!.close) / 4, 2);
});

it("a source that adjusts the earlier prices after the first price at the new scale is refreshed too", async () => {
  await fetched("SMPT");
  const before = await etfs.prices("SMPT");
  // As stored on the day of a split of four for one: only that day has the new scale.
  await etfs.db.execute(sql`
    update portfolio.etf_prices set close = close * 4 where date < ${before.at(-1)!.date}::date`);
  const { run, process } = await etfs.run(syncEtfPrices);
  expect(run).toMatchObject({ state: "succeeded", result: { "to be refreshed": 1 } });
  const [child] = await etfs.db.select().from(jobRuns).where(eq(jobRuns.jobId, "refresh_etf"));
  expect(await process.runner.execute(child!.id)).toMatchObject({ state: "succeeded", result: { removed: 0 } });
  expect((await etfs.prices("SMPT")).slice(0, before.length).map(({ close }) => close)).toEqual(
    before.map(({ close }) => close),
  );
});

it("a success enqueues the pending valuations", async () => {
  await fetched("SMPW.DE");
  const { run } = await etfs.run(syncEtfPrices);
  const children = await etfs.db.select().from(jobRuns).where(eq(jobRuns.parentRunId, run.id));
  expect(children).toMatchObject([{ jobId: "retry_pending_etf_valuations", trigger: "chain" }]);
});

it("after its process died no run stays running, the next attempt continues, and the old process cannot write", async () => {
  await fetched("SMPW.DE", "SMPA");
  etfs.yahoo.fail({ kind: "hang" });
  const [dying, other] = [etfs.process({ OUTBOUND_TIMEOUT: "1s" }, 50), etfs.process()];
  const { id } = await dying.enqueuer.enqueue(syncEtfPrices, { input: {}, trigger: "manual", requestedBy: "a test" });
  const late = dying.runner.execute(id);
  await expect.poll(() => other.runner.rescueExpiredRuns()).toEqual({ retrying: 1, dead: 0 });
  expect(await listEtfUpdates(etfs.db, { state: "running", limit: 10 })).toEqual([]);
  expect(await listEtfUpdates(etfs.db, { state: "pending", limit: 10 })).toMatchObject([{ symbol: null, inserted: 0 }]);
  etfs.yahoo.recover();
  etfs.setNow("2026-04-10T21:00:00Z");
  expect(await other.runner.execute(id)).toMatchObject({ state: "succeeded", attempt: 2, result: { updated: 2 } });
  await late;
  expect(await listEtfUpdates(etfs.db, { limit: 10 })).toMatchObject([{ state: "succeeded", inserted: 12 }]);
  expect(await newest("SMPW.DE")).toBe("2026-04-10");
});

it("a manual run fetches one ETF, in use or not", async () => {
  await etfs.add("SMPT", { inUse: false });
  const { run } = await etfs.run(syncEtfPrices, { symbol: "SMPT" });
  expect(run.result).toEqual({ updated: 1 });
  expect(await listEtfUpdates(etfs.db, { limit: 10 })).toMatchObject([
    { kind: "sync", symbol: "SMPT", state: "succeeded" },
  ]);
});
