import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { listEtfUpdates } from "#data/portfolio/etf-updates.ts";
import { fetchEtf } from "#functions/portfolio/fetch-etf.ts";
import { SAMPLE_ETFS, sampleBars } from "#local/providers/sample-prices.ts";
import { type EtfFixture, openEtfFixture } from "./etf-fixture.ts";

const FRIDAY = "2026-04-10T20:30:00Z";

let etfs: EtfFixture;
beforeAll(async () => {
  etfs = await openEtfFixture();
});
beforeEach(() => {
  etfs.setNow(FRIDAY);
});
afterEach(() => etfs.clear());
afterAll(() => etfs.close());

it("stores the facts of the ETF and all of its prices", async () => {
  await etfs.add("SMPK.L");
  const { run } = await etfs.run(fetchEtf, { symbol: "SMPK.L" });
  const days = sampleBars(SAMPLE_ETFS[2]!, new Date(FRIDAY)).length;
  expect(run.state, JSON.stringify(run.errors)).toBe("succeeded");
  expect(run.result).toMatchObject({ inserted: days, skipped: 0, source: "yahoo" });
  expect(await etfs.etf("SMPK.L")).toMatchObject({
    state: "ready",
    currency: "GBP",
    series: "raw",
    exchange: "LSE",
    name: "Sample United Kingdom ETF",
    syncedAt: new Date(FRIDAY),
  });
  expect(await etfs.prices("SMPK.L")).toHaveLength(days);
  const [update] = await listEtfUpdates(etfs.db, { limit: 10 });
  expect(update).toMatchObject({
    kind: "fetch",
    symbol: "SMPK.L",
    state: "succeeded",
    source: "yahoo",
    inserted: days,
    runId: run.id,
    startDate: "2015-01-02",
    endDate: "2026-04-10",
    error: null,
  });
});

it("a second run adds and overwrites nothing", async () => {
  await etfs.add("SMPW.DE");
  await etfs.run(fetchEtf, { symbol: "SMPW.DE" });
  const before = await etfs.prices("SMPW.DE");
  const { run } = await etfs.run(fetchEtf, { symbol: "SMPW.DE" });
  expect(run.result).toMatchObject({ inserted: 0, skipped: before.length });
  expect(await etfs.prices("SMPW.DE")).toEqual(before);
});

it("a transient failure is retried, and the ETF stays new", async () => {
  await etfs.add("SMPW.DE");
  etfs.yahoo.fail({ kind: "503" });
  const { run } = await etfs.run(fetchEtf, { symbol: "SMPW.DE" });
  expect(run.state).toBe("retrying");
  expect(await etfs.etf("SMPW.DE")).toMatchObject({ state: "new", currency: null });
  expect(await listEtfUpdates(etfs.db, { state: "pending", limit: 10 })).toMatchObject([
    { error: expect.stringContaining("503") as string },
  ]);
});

it("an unknown symbol marks the ETF as failed, with the reason in the tracking table", async () => {
  await etfs.add("GONE.DE");
  const { run } = await etfs.run(fetchEtf, { symbol: "GONE.DE" });
  expect(run.state).toBe("dead");
  expect(await etfs.etf("GONE.DE")).toMatchObject({ state: "failed" });
  const error = expect.stringMatching(/yahoo answered 404 Not Found.*GONE\.DE/) as string;
  expect(await listEtfUpdates(etfs.db, { state: "failed", limit: 10 })).toMatchObject([{ symbol: "GONE.DE", error }]);
});

it("refuses an ETF that was never added, and a symbol in lower case", async () => {
  const { run } = await etfs.run(fetchEtf, { symbol: "SMPW.DE" });
  expect(run).toMatchObject({
    state: "dead",
    errors: [{ message: "symbol: there is no ETF SMPW.DE; add it with POST /api/v1/etf" }],
  });
  await expect(etfs.run(fetchEtf, { symbol: "smpw.de" })).rejects.toThrow("capital letters");
});

it("uses the next provider when the first one fails, and stores its name with each point", async () => {
  await etfs.add("SMPW.DE");
  etfs.yahoo.fail({ kind: "html" });
  const { run, process } = await etfs.run(fetchEtf, { symbol: "SMPW.DE" }, { ETF_PROVIDERS: "yahoo,twelve-data" });
  expect(run.result, JSON.stringify(run.errors)).toMatchObject({ source: "twelve-data" });
  expect(new Set((await etfs.prices("SMPW.DE")).map(({ source, series }) => `${source} ${series}`))).toEqual(
    new Set(["twelve-data raw"]),
  );
  expect(process.log).toContainEqual(
    expect.objectContaining({ level: "warn", message: "A provider failed; the next one is called" }),
  );
});

it("the first series may be raw or adjusted", async () => {
  await etfs.add("SMPE.DE");
  await etfs.run(fetchEtf, { symbol: "SMPE.DE" }, { ETF_PROVIDERS: "stooq" });
  expect(await etfs.etf("SMPE.DE")).toMatchObject({ state: "ready", series: "adjusted", currency: "EUR" });
});

it("is refused without a request while the internet gate is closed", async () => {
  await etfs.add("SMPW.DE");
  const asked = etfs.yahoo.requests.length;
  const { run } = await etfs.run(fetchEtf, { symbol: "SMPW.DE" }, { ALLOW_INTERNET_SYNC: "false" });
  expect(run).toMatchObject({ state: "skipped", reasonCode: "internet-sync-disabled" });
  expect(await listEtfUpdates(etfs.db, { state: "refused", limit: 10 })).toMatchObject([
    { kind: "fetch", error: expect.stringContaining("ALLOW_INTERNET_SYNC=false") as string },
  ]);
  expect(etfs.yahoo.requests).toHaveLength(asked);
});
