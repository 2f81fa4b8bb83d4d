import { afterEach, expect, it } from "vitest";
import { type Etf, etfs } from "#data/portfolio/etf-schema.ts";
import { addEtf, markReady, setInUse } from "#data/portfolio/etfs.ts";
import { etfsToSync } from "#services/portfolio/etfs-to-sync.ts";
import { openDatabase } from "#support/database.ts";
import { closesOf } from "#support/pensions.ts";

const { db } = await openDatabase();
const MONDAY_NIGHT = new Date("2026-04-13T20:30:00Z");
afterEach(async () => {
  await db.delete(etfs);
});

/** An ETF in use with prices in euros that was synchronised at an instant. */
async function anEtf(symbol: string, days: readonly string[], syncedAt = MONDAY_NIGHT): Promise<Etf> {
  const etf = (await addEtf(db, { symbol, inUse: true }, MONDAY_NIGHT))!;
  const facts = { currency: "EUR", series: "raw", name: null, exchange: null } as const;
  await markReady(db, [{ etfId: etf.id, ...facts }], syncedAt);
  await closesOf(db, etf, Object.fromEntries(days.map((day) => [day, "100"])));
  return etf;
}

const due = async (asOf = MONDAY_NIGHT) => (await etfsToSync(db, asOf)).map(({ symbol, from }) => [symbol, from]);

it("only ETFs in use are due, and each once per run", async () => {
  const used = await anEtf("USED.DE", ["2026-04-10"], new Date("2026-04-10T20:30:00Z"));
  await anEtf("DONE.DE", ["2026-04-10", "2026-04-13"]);
  const unused = await anEtf("UNUSED.DE", ["2026-04-10"]);
  expect(await setInUse(db, unused.id, false)).toBe(true);
  expect(await due()).toEqual([["USED.DE", "2026-04-10"]]);
  expect(await setInUse(db, used.id, false)).toBe(true);
  expect(await due()).toEqual([]);
});

it("an ETF that was synchronised without the expected day is due again", async () => {
  await anEtf("LATE.DE", ["2026-04-09", "2026-04-10"]);
  expect(await due()).toEqual([["LATE.DE", "2026-04-09"]]);
});

it("an ETF of an unknown exchange is due until it is synchronised", async () => {
  await anEtf("0050.TW", ["2026-04-09", "2026-04-10"]);
  expect(await due()).toEqual([]);
});

it("an ETF without a price that a past slot expects is due for that slot alone", async () => {
  await anEtf("GAP.DE", ["2026-04-07", "2026-04-09", "2026-04-10", "2026-04-13"]);
  expect(await due()).toEqual([]);
  expect(await due(new Date("2026-04-08T20:30:00Z"))).toEqual([["GAP.DE", "2026-04-07"]]);
});

it("an ETF starts at its first gap, however far back that is", async () => {
  const days = ["2026-03-02", "2026-03-03", "2026-03-05", "2026-03-06", "2026-04-08", "2026-04-09", "2026-04-10"];
  await anEtf("GAPS.DE", days, new Date("2026-04-10T20:30:00Z"));
  expect(await due()).toEqual([["GAPS.DE", "2026-03-04"]]);
});
