import { afterEach, expect, it } from "vitest";
import {
  correctPrices,
  deletePrices,
  insertPrices,
  listPrices,
  overlapStarts,
  priceOnOrAfter,
  priceOnOrBefore,
  type PricePoint,
  recentCloses,
} from "#data/portfolio/etf-prices.ts";
import type { Etf } from "#data/portfolio/etf-schema.ts";
import { addEtf, findEtf, lockEtfs, markFailed, markReady } from "#data/portfolio/etfs.ts";
import { columnsOf } from "#data/portfolio/price-columns.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";

const NOW = new Date("2026-04-10T20:30:00Z");
const RAW = { currency: "EUR", series: "raw", name: "A world fund", exchange: "XETRA" } as const;

const { db } = await openDatabase();
afterEach(async () => {
  await emptyTables(db, ["portfolio.etfs"]);
});

async function anEtf(symbol = "WORLD.DE"): Promise<Etf> {
  const etf = await addEtf(db, { symbol }, NOW);
  await markReady(db, [{ etfId: etf!.id, ...RAW }], NOW);
  return etf!;
}

function point(date: string, close: string, rest: Partial<PricePoint> = {}): PricePoint {
  return { date, close, open: null, high: null, low: null, adjustedClose: null, volume: null, ...rest };
}

const of = (etf: Etf, ...points: PricePoint[]) =>
  ({ etfId: etf.id, source: "yahoo", series: "raw", columns: columnsOf(points) }) as const;

it("points are stored once with all digits; stored points stay", async () => {
  const etf = await anEtf();
  const friday = point("2026-04-10", "101.123456789012345678", { open: "100.10", volume: "12" });
  expect(await insertPrices(db, [of(etf, point("2026-04-09", "100.5"), friday)])).toEqual([
    { inserted: 2, skipped: 0 },
  ]);
  expect(await insertPrices(db, [of(etf, point("2026-04-10", "7"))])).toEqual([{ inserted: 0, skipped: 1 }]);
  expect(await listPrices(db, etf.id, { limit: 10 })).toEqual([
    { ...point("2026-04-09", "100.5"), source: "yahoo", series: "raw" },
    { ...friday, source: "yahoo", series: "raw" },
  ]);
});

it("an empty list of points stores nothing", async () => {
  const etf = await anEtf();
  expect(await insertPrices(db, [of(etf)])).toEqual([{ inserted: 0, skipped: 0 }]);
  expect(await insertPrices(db, [])).toEqual([]);
  expect(await correctPrices(db, of(etf))).toEqual({ inserted: 0, changed: 0, unchanged: 0 });
});

it("points of several ETFs are stored together, each with its source, and counted per ETF", async () => {
  const [some, none, all] = [await anEtf("A.DE"), await anEtf("B.DE"), await anEtf("C.DE")];
  await insertPrices(db, [of(some, point("2026-04-09", "1"))]);
  const given = [
    of(some, point("2026-04-09", "7"), point("2026-04-10", "2")),
    of(none),
    { ...of(all, point("2026-04-09", "3"), point("2026-04-10", "4")), source: "twelve-data" },
  ];
  expect(await insertPrices(db, given)).toEqual([
    { inserted: 1, skipped: 1 },
    { inserted: 0, skipped: 0 },
    { inserted: 2, skipped: 0 },
  ]);
  const shown = async (etf: Etf) =>
    (await listPrices(db, etf.id, { limit: 9 })).map(({ close, source }) => `${close} ${source}`);
  expect(await shown(some)).toEqual(["1 yahoo", "2 yahoo"]);
  expect(await shown(all)).toEqual(["3 twelve-data", "4 twelve-data"]);
  expect(await overlapStarts(db, [some.id, none.id, all.id], 1)).toEqual(
    new Map([
      [some.id, "2026-04-10"],
      [all.id, "2026-04-10"],
    ]),
  );
});

it("a day without trading gets the last close before it, or the first one after it", async () => {
  const etf = await anEtf();
  const other = await anEtf("OTHER.DE");
  const points = [point("2026-04-09", "1"), point("2026-04-10", "2"), point("2026-04-13", "3")];
  await insertPrices(db, [of(etf, ...points), of(other, point("2026-04-11", "9"))]);
  expect(await priceOnOrBefore(db, etf.id, "2026-04-12")).toMatchObject({ date: "2026-04-10", close: "2" });
  expect(await priceOnOrBefore(db, etf.id, "2026-04-10")).toMatchObject({ date: "2026-04-10" });
  expect(await priceOnOrAfter(db, etf.id, "2026-04-11")).toMatchObject({ date: "2026-04-13", close: "3" });
  expect(await priceOnOrBefore(db, etf.id, "2026-04-08")).toBeUndefined();
  expect(await priceOnOrAfter(db, etf.id, "2026-04-14")).toBeUndefined();
});

it("a correction counts new, changed and unchanged points", async () => {
  const etf = await anEtf();
  await insertPrices(db, [of(etf, point("2026-04-08", "1"), point("2026-04-09", "2"), point("2026-04-10", "3"))]);
  const anew = [point("2026-04-09", "2.0"), point("2026-04-10", "3.5"), point("2026-04-13", "4")];
  expect(await correctPrices(db, of(etf, ...anew))).toEqual({ inserted: 1, changed: 1, unchanged: 1 });
  const closes = await recentCloses(db, [etf.id], 10);
  expect(closes.get(etf.id)?.map(({ close }) => close)).toEqual(["1", "2", "3.5", "4"]);
});

it("the database refuses a mix of raw and adjusted prices, and allows to replace a whole series", async () => {
  const etf = await anEtf();
  await insertPrices(db, [of(etf, point("2026-04-09", "1"))]);
  const adjusted = { source: "stooq", series: "adjusted" } as const;
  await expect(insertPrices(db, [{ ...of(etf, point("2026-04-10", "1")), ...adjusted }])).rejects.toMatchObject({
    cause: { constraint_name: "etf_prices_of_one_series" },
  });
  const became = [{ etfId: etf.id, ...RAW, series: "adjusted" }] as const;
  await expect(markReady(db, became, NOW)).rejects.toThrow();
  await db.transaction(async (tx) => {
    await lockEtfs(tx, [etf.id]);
    expect(await deletePrices(tx, etf.id)).toBe(1);
    await markReady(tx, became, NOW);
    await insertPrices(tx, [{ ...of(etf, point("2026-04-09", "0.9")), ...adjusted }]);
  });
  expect(await listPrices(db, etf.id, { limit: 10 })).toMatchObject([{ source: "stooq", series: "adjusted" }]);
});

it.each([
  ["a close of zero", { close: "0" }],
  ["a negative close", { close: "-1" }],
  ["a close that is no number", { close: "NaN" }],
  ["an endless close", { close: "Infinity" }],
  ["an open of zero", { open: "0" }],
  ["a high below the low", { high: "1", low: "2" }],
  ["a low that is no number", { low: "NaN" }],
  ["a negative volume", { volume: "-1" }],
  ["an adjusted close that is no number", { adjustedClose: "NaN" }],
])("the table refuses %s", async (_, wrong) => {
  const etf = await anEtf();
  await expect(insertPrices(db, [of(etf, point("2026-04-10", "1", wrong))])).rejects.toMatchObject({
    cause: { code: "23514" },
  });
});

it("given names stay when a provider sends others, and names may contain any characters", async () => {
  const own = await addEtf(db, { symbol: "OWN.DE", name: "Mine" }, NOW);
  const other = await addEtf(db, { symbol: "NEW.DE" }, NOW);
  const facts = { ...RAW, name: 'A {fund}, "accumulating" \\ NULL', exchange: null };
  await markReady(
    db,
    [own!, other!].map(({ id }) => ({ etfId: id, ...facts })),
    NOW,
  );
  expect(await findEtf(db, "OWN.DE")).toMatchObject({ name: "Mine", state: "ready", syncedAt: NOW });
  expect(await findEtf(db, "NEW.DE")).toMatchObject({ name: facts.name, exchange: null });
});

it("a symbol is unique, and a failed fetch leaves a ready ETF ready", async () => {
  expect(await addEtf(db, { symbol: "NEW.DE" }, NOW)).toMatchObject({ state: "new", currency: null, inUse: false });
  expect(await addEtf(db, { symbol: "NEW.DE" }, NOW)).toBeUndefined();
  await anEtf();
  await markFailed(db, "NEW.DE");
  await markFailed(db, "WORLD.DE");
  expect(await findEtf(db, "NEW.DE")).toMatchObject({ state: "failed" });
  expect(await findEtf(db, "WORLD.DE")).toMatchObject({ state: "ready" });
});
