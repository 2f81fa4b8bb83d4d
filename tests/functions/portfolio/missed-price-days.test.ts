import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Run } from "#data/platform/platform-schema.ts";
import { listEtfUpdates } from "#data/portfolio/etf-updates.ts";
import { fetchEtf } from "#functions/portfolio/fetch-etf.ts";
import { syncEtfPrices } from "#functions/portfolio/sync-etf-prices.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type EtfFixture, openEtfFixture } from "./etf-fixture.ts";

const THURSDAY = "2026-04-09T20:30:00Z";
const FRIDAY = "2026-04-10T20:30:00Z";

let etfs: EtfFixture;
beforeAll(async () => {
  etfs = await openEtfFixture();
});
beforeEach(() => {
  etfs.setNow(THURSDAY);
});
afterEach(() => etfs.clear());
afterAll(() => etfs.close());

/** ETFs in use that were fetched at the present instant. */
async function fetched(...symbols: string[]) {
  for (const symbol of symbols) {
    await etfs.add(symbol);
    const { run } = await etfs.run(fetchEtf, { symbol });
    expect(run.state, JSON.stringify(run.errors)).toBe("succeeded");
  }
  await emptyTables(etfs.db, ["portfolio.etf_updates"]);
}

const days = async (symbol: string) => (await etfs.prices(symbol)).map(({ date }) => date);
const newest = async (symbol: string) => (await days(symbol)).at(-1);
const updates = () => listEtfUpdates(etfs.db, { limit: 10 });
const remove = (...dates: string[]) =>
  etfs.db.execute(sql.raw(`delete from portfolio.etf_prices where date in ('${dates.join("', '")}')`));
/** The paths of the requests that work sends. */
async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
  const before = etfs.yahoo.requests.length;
  await work();
  return etfs.yahoo.requests.slice(before);
}
/** The first day that a request asks for, without the margin. */
const firstDay = (request: string) =>
  new Date((Number(/period1=(\d+)/.exec(request)![1]) + 2 * 86_400) * 1000).toISOString().slice(0, 10);

describe("a source that is late", () => {
  it("lets the run wait; the others are stored, and only the late one is fetched again", async () => {
    await fetched("SMPW.DE", "SMPA");
    etfs.setNow(FRIDAY);
    // New York has not opened yet.
    etfs.setPublished("2026-04-10T13:00:00Z");
    const { run, process } = await etfs.run(syncEtfPrices);
    expect(run).toMatchObject({ state: "retrying", reasonCode: "snoozed", errors: [], itemFailureCount: 0 });
    const reason =
      "1 of 2 items wait; first: SMPA: yahoo has no price of 2026-04-10 yet, the newest one is of 2026-04-09";
    expect(run.reason).toBe(reason);
    expect(await updates()).toMatchObject([{ symbol: null, state: "pending", error: reason, inserted: 1 }]);
    expect([await newest("SMPW.DE"), await newest("SMPA")]).toEqual(["2026-04-10", "2026-04-09"]);
    expect(run.notBefore).toEqual(new Date("2026-04-10T20:40:00Z"));

    etfs.setNow("2026-04-10T20:40:00Z");
    const requests = await requestsOf(() => process.runner.execute(run.id));
    expect(requests).toEqual([expect.stringContaining("SMPA")]);
    expect(await newest("SMPA")).toBe("2026-04-10");
    expect(await updates()).toMatchObject([{ symbol: null, state: "succeeded", error: null, inserted: 2 }]);
  });

  it("fails its ETF after eight hours, with a row that says why", async () => {
    await fetched("SMPW.DE");
    etfs.setNow(FRIDAY);
    etfs.setPublished(THURSDAY);
    const { run: first, process } = await etfs.run(syncEtfPrices);
    let run: Run = first;
    let looks = 1;
    for (; run.state === "retrying"; looks++) {
      etfs.setNow(run.notBefore!.toISOString());
      etfs.setPublished(THURSDAY);
      run = (await process.runner.execute(run.id))!;
    }
    expect(looks).toBe(11);
    expect(run).toMatchObject({ state: "dead", itemFailureCount: 1 });
    const reason = "yahoo has no price of 2026-04-10 yet, the newest one is of 2026-04-09";
    const rows = await updates();
    expect(rows.find(({ symbol }) => symbol === "SMPW.DE")).toMatchObject({ state: "failed", error: reason });
    expect(rows.find(({ symbol }) => symbol === null)).toMatchObject({ state: "failed" });

    etfs.setNow("2026-04-13T20:30:00Z");
    await etfs.run(syncEtfPrices);
    expect((await days("SMPW.DE")).slice(-3)).toEqual(["2026-04-09", "2026-04-10", "2026-04-13"]);
  });

  it("is a failed item of a run that succeeds when other ETFs have their prices", async () => {
    await fetched("SMPW.DE", "SMPA");
    etfs.setNow(FRIDAY);
    // New York has not opened yet, and its prices do not come.
    const beforeNewYork = "2026-04-10T13:00:00Z";
    etfs.setPublished(beforeNewYork);
    const { run: first, process } = await etfs.run(syncEtfPrices);
    let run: Run = first;
    while (run.state === "retrying") {
      etfs.setNow(run.notBefore!.toISOString());
      etfs.setPublished(beforeNewYork);
      run = (await process.runner.execute(run.id))!;
    }
    const reason = "yahoo has no price of 2026-04-10 yet, the newest one is of 2026-04-09";
    expect(run).toMatchObject({ state: "succeeded", itemFailureCount: 1, itemFailures: [{ key: "SMPA", reason }] });
    const rows = await updates();
    expect(rows.find(({ symbol }) => symbol === "SMPA")).toMatchObject({ state: "failed", error: reason });
    expect(rows.find(({ symbol }) => symbol === null)).toMatchObject({ state: "succeeded" });
    expect([await newest("SMPW.DE"), await newest("SMPA")]).toEqual(["2026-04-10", "2026-04-09"]);
  });

  it("hides no ETF that fails while the run waits", async () => {
    await fetched("SMPW.DE");
    await etfs.add("NONE");
    etfs.setNow(FRIDAY);
    etfs.setPublished(THURSDAY);
    const { run, process } = await etfs.run(syncEtfPrices);
    expect(run).toMatchObject({ state: "retrying", itemFailureCount: 1 });
    expect((await updates()).find(({ symbol }) => symbol === "NONE")).toMatchObject({ state: "failed" });

    await etfs.db.execute(sql`update portfolio.etfs set in_use = false where symbol = 'NONE'`);
    etfs.setNow("2026-04-10T21:00:00Z");
    expect(await process.runner.execute(run.id)).toMatchObject({ state: "succeeded", itemFailureCount: 0 });
    expect(
      (await updates()).map(({ symbol }) => symbol),
      "a row of the first attempt",
    ).toEqual([null]);
  });
});

describe("gaps", () => {
  it.each([
    ["a week", "2026-04-02T20:30:00Z"],
    ["a hundred days", "2025-12-30T21:30:00Z"],
  ])("the days of %s without the process are fetched, of each exchange", async (_, before) => {
    etfs.setNow(before);
    await fetched("SMPW.DE", "SMPA", "SMPK.L");
    etfs.setNow(FRIDAY);
    const whole = openEtfFixture();
    const { run } = await etfs.run(syncEtfPrices);
    expect(run.state, JSON.stringify(run.itemFailures)).toBe("succeeded");
    const other = await whole;
    other.setNow(FRIDAY);
    for (const symbol of ["SMPW.DE", "SMPA", "SMPK.L"]) {
      await other.add(symbol);
      await other.run(fetchEtf, { symbol });
      expect(await days(symbol)).toEqual((await other.prices(symbol)).map(({ date }) => date));
    }
    await other.close();
  });

  it("days in the middle are fetched once, for the ETF that lacks them", async () => {
    await fetched("SMPW.DE", "SMPA");
    const whole = await days("SMPW.DE");
    await etfs.db.execute(sql`
      delete from portfolio.etf_prices p using portfolio.etfs e
       where e.id = p.etf_id and e.symbol = 'SMPW.DE' and p.date in ('2024-05-14', '2026-02-03')`);
    etfs.setNow(FRIDAY);
    const requests = await requestsOf(() => etfs.run(syncEtfPrices));
    expect(requests.map(firstDay)).toEqual(["2024-05-14", "2026-04-03"]);
    expect(await days("SMPW.DE")).toEqual([...whole, "2026-04-10"]);
    etfs.setNow("2026-04-13T20:30:00Z");
    expect((await requestsOf(() => etfs.run(syncEtfPrices))).map(firstDay)).toEqual(["2026-04-06", "2026-04-06"]);
  });

  it("a day that the source does not have is no gap: it is asked for once", async () => {
    await fetched("SMPW.DE");
    // As on a database of an earlier version: holidays are not noted.
    await etfs.db.execute(sql`update portfolio.etfs set closed_days = '{}'`);
    etfs.setNow(FRIDAY);
    expect((await requestsOf(() => etfs.run(syncEtfPrices))).map(firstDay)).toEqual(["2015-12-25"]);
    etfs.setNow("2026-04-13T20:30:00Z");
    expect((await requestsOf(() => etfs.run(syncEtfPrices))).map(firstDay)).toEqual(["2026-04-06"]);
    expect((await etfs.etf("SMPW.DE")).closedDays).toContain("2025-12-25");
  });
});

describe("a backfill", () => {
  it("fetches the missing day of its slot, and no later ones", async () => {
    await fetched("SMPW.DE");
    await remove("2026-04-07", "2026-04-08", "2026-04-09");
    etfs.setNow(FRIDAY);
    const process = etfs.process();
    await process.runner.runSlot(syncEtfPrices, new Date("2026-04-07T20:30:00Z"));
    expect(await newest("SMPW.DE")).toBe("2026-04-07");
  });

  it("of a day that is stored sends no request", async () => {
    await fetched("SMPW.DE", "SMPA");
    const slot = new Date("2026-04-07T20:30:00Z");
    expect(await requestsOf(() => etfs.process().runner.runSlot(syncEtfPrices, slot))).toEqual([]);
  });
});
