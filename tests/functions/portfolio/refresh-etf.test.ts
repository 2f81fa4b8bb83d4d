import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { listEtfUpdates } from "#data/portfolio/etf-updates.ts";
import { fetchEtf } from "#functions/portfolio/fetch-etf.ts";
import { refreshEtf } from "#functions/portfolio/refresh-etf.ts";
import { type EtfFixture, openEtfFixture } from "./etf-fixture.ts";

let etfs: EtfFixture;
beforeAll(async () => {
  etfs = await openEtfFixture();
});
beforeEach(async () => {
  etfs.setNow("2026-04-10T20:30:00Z");
  await etfs.add("SMPE.DE");
  await etfs.run(fetchEtf, { symbol: "SMPE.DE" });
});
afterEach(() => etfs.clear());
afterAll(() => etfs.close());

it("corrects prices that differ, adds missing ones, and counts both", async () => {
  const before = await etfs.prices("SMPE.DE");
  await etfs.db.execute(
    sql`update portfolio.etf_prices set close = close + 1 where date in ('2020-03-03', '2020-03-04')`,
  );
  await etfs.db.execute(sql`delete from portfolio.etf_prices where date = '2020-03-05'`);
  const { run } = await etfs.run(refreshEtf, { symbol: "SMPE.DE" });
  expect(run.result).toMatchObject({
    changed: 2,
    inserted: 1,
    unchanged: before.length - 3,
    removed: 0,
    source: "yahoo",
  });
  expect(await etfs.prices("SMPE.DE")).toEqual(before);
  expect(await listEtfUpdates(etfs.db, { limit: 1 })).toMatchObject([{ kind: "refresh", changed: 2, inserted: 1 }]);
  expect((await etfs.run(refreshEtf, { symbol: "SMPE.DE" })).run.result).toMatchObject({ changed: 0, inserted: 0 });
});

it("can replace a whole raw series with an adjusted one", async () => {
  const before = await etfs.prices("SMPE.DE");
  const { run } = await etfs.run(refreshEtf, { symbol: "SMPE.DE" }, { ETF_PROVIDERS: "stooq" });
  expect(run.result, JSON.stringify(run.errors)).toMatchObject({
    series: "adjusted",
    inserted: before.length,
    removed: before.length,
  });
  const after = await etfs.prices("SMPE.DE");
  expect(new Set(after.map(({ series }) => series))).toEqual(new Set(["adjusted"]));
  expect(await etfs.etf("SMPE.DE")).toMatchObject({ series: "adjusted" });
});

it("does not replace a series with a shorter one", async () => {
  await etfs.db.execute(sql`
    insert into portfolio.etf_prices (etf_id, date, close, source, series)
    select id, '2010-01-04', 20, 'yahoo', 'raw' from portfolio.etfs`);
  const before = await etfs.prices("SMPE.DE");
  const { run } = await etfs.run(refreshEtf, { symbol: "SMPE.DE" }, { ETF_PROVIDERS: "stooq" });
  expect(run.state).toBe("dead");
  expect(run.errors[0]?.message).toMatch(
    /a change to prices that are adjusted replaces all prices, but stooq has them from 2015-01-02 to .* and those from 2010-01-04/,
  );
  expect(await etfs.prices("SMPE.DE")).toEqual(before);
});

it("after a split replaces all old prices, and removes the days that the new series lacks", async () => {
  await etfs.db.execute(sql`
    insert into portfolio.etf_prices (etf_id, date, close, source, series)
    select id, '2020-03-07', 20, 'yahoo', 'raw' from portfolio.etfs`);
  etfs.yahoo.fail({ kind: "rescaled" });
  const { run } = await etfs.run(refreshEtf, { symbol: "SMPE.DE" });
  expect(run.result).toMatchObject({ removed: 1, inserted: 0, unchanged: 0 });
});

it("a failure changes nothing, and the ETF stays ready", async () => {
  const before = await etfs.prices("SMPE.DE");
  etfs.yahoo.fail({ kind: "bad-price" });
  const { run } = await etfs.run(refreshEtf, { symbol: "SMPE.DE" });
  expect(run.state).toBe("dead");
  expect(await etfs.etf("SMPE.DE")).toMatchObject({ state: "ready" });
  expect(await etfs.prices("SMPE.DE")).toEqual(before);
});
