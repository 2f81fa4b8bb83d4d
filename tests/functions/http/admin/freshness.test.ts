import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { insertRates } from "#data/portfolio/exchange-rates.ts";
import { holdPoints } from "#data/portfolio/suspect-points.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { anEtf, aPension, closesOf } from "#support/pensions.ts";
import { aCounty } from "../../tax-liens/fake-county-lists.ts";
import { type AdminApi, startAdminApi } from "./admin-api.ts";

interface Element {
  readonly id: string;
  readonly state: string;
  readonly newest: string | null;
  readonly staleSince: string | null;
}
interface DataSet {
  readonly id: string;
  readonly state: string;
  readonly counts: Record<string, number>;
  readonly behind: readonly Element[];
  readonly held: readonly { id: string; count: number; oldest: string }[];
}

/** Tuesday, 2026-03-10, 12:00 UTC. */
let api: AdminApi;
let database: TestDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  api = startAdminApi(database.url, []);
  await emptyTables(api.db, [
    "portfolio.exchange_rates",
    "portfolio.suspect_points",
    "portfolio.etfs",
    "tax_liens.counties",
  ]);
});
afterEach(() => api.close());

async function dataSet(id: string): Promise<DataSet> {
  const { body } = await api.call<{ dataSets: DataSet[] }>("GET", "api/admin/freshness");
  return body.dataSets.find((set) => set.id === id)!;
}
const rateOf = (date: string, ...quotes: string[]) =>
  insertRates(api.db, [{ date, rates: quotes.map((quote) => ({ quote, rate: "1.08" })) }], "ecb");
const county = (id: string, timeZone: string, lastIngestedAt: string | null) =>
  aCounty(api.db, id, { blob: "a.csv" }, { timeZone }).then(() =>
    api.db.execute(
      `update tax_liens.counties set last_ingested_at = ${lastIngestedAt ? `'${lastIngestedAt}'` : "null"} where id = '${id}'`,
    ),
  );

it("each currency is stale by itself, from the midnight after the working day without a new rate", async () => {
  expect(await dataSet("exchange_rates")).toMatchObject({ state: "empty", newest: null, staleSince: null, behind: [] });
  await rateOf("2026-03-06", "USD", "GBP");
  await rateOf("2026-03-09", "USD");
  await rateOf("2022-12-30", "HRK");
  // Friday's rate; a newer one was due on Monday the 9th.
  const gbp = { id: "GBP", state: "stale", newest: "2026-03-06", staleSince: "2026-03-09T23:00:00.000Z" };
  expect(await dataSet("exchange_rates")).toMatchObject({
    state: "stale",
    newest: "2026-03-09",
    counts: { elements: 3, late: 1, fresh: 1, stale: 1, empty: 0, ended: 1 },
    behind: [gbp],
  });
  await rateOf("2026-03-09", "GBP");
  expect(await dataSet("exchange_rates")).toMatchObject({ state: "fresh", staleSince: "2026-03-10T23:00:00.000Z" });
});

it("a currency that an ETF in use or a pension needs, and that has no rates, is shown as empty", async () => {
  await rateOf("2026-03-09", "USD");
  const etf = await anEtf(api.db, { symbol: "AAA.TW", currency: "TWD", inUse: true });
  await aPension(api.db, etf, { currency: "CHF" });
  const { state, behind } = await dataSet("exchange_rates");
  expect(state).toBe("stale");
  expect(behind.map(({ id, state, newest }) => ({ id, state, newest }))).toEqual(
    expect.arrayContaining(["CHF", "TWD"].map((id) => ({ id, state: "empty", newest: null }))),
  );
});

it("each ETF in use is stale by itself, and one without prices hides none of the others", async () => {
  await closesOf(api.db, await anEtf(api.db, { symbol: "FRESH.DE", inUse: true }), { "2026-03-09": "100" });
  await closesOf(api.db, await anEtf(api.db, { symbol: "STALE.DE", inUse: true }), { "2026-03-05": "100" });
  await closesOf(api.db, await anEtf(api.db, { symbol: "UNUSED.DE", inUse: false }), { "2020-03-05": "100" });
  await anEtf(api.db, { symbol: "NEVER.DE", inUse: true, addedAt: new Date("2026-03-10T08:00:00Z") });
  expect(await dataSet("etf_prices")).toMatchObject({
    state: "stale",
    newest: "2026-03-09",
    counts: { elements: 3, late: 1, fresh: 1, stale: 1, empty: 1 },
    behind: [
      { id: "STALE.DE", newest: "2026-03-05" },
      { id: "NEVER.DE", state: "empty", newest: null },
    ],
  });
});

describe("counties", () => {
  it("have days in their own zones, and one that was never ingested hides none of the others", async () => {
    // The same instant: 8 March in Honolulu, 9 March in New York.
    await county("honolulu-hi", "Pacific/Honolulu", "2026-03-09T06:00:00Z");
    await county("kings-ny", "America/New_York", "2026-03-09T06:00:00Z");
    await county("never-az", "America/Phoenix", null);
    expect(await dataSet("county_liens")).toMatchObject({
      state: "stale",
      counts: { elements: 3, late: 2, fresh: 1, stale: 1, empty: 1 },
      behind: [
        { id: "never-az", state: "empty", newest: null, zone: "America/Phoenix" },
        { id: "honolulu-hi", state: "stale", newest: "2026-03-08", staleSince: "2026-03-10T10:00:00.000Z" },
      ],
    });
  });

  it("are listed in pages, by state, and the list of all data sets names the first 20 that are behind", async () => {
    for (let n = 10; n < 35; n++)
      await county(`county-${n}`, "America/Phoenix", n < 12 ? "2026-03-10T09:00:00Z" : null);
    const all = await dataSet("county_liens");
    expect([all.behind.length, all.counts]).toEqual([20, expect.objectContaining({ late: 23, fresh: 2 })]);

    const page = async (query: string) =>
      (
        await api.call<{ elements: Element[]; nextCursor: string | null }>(
          "GET",
          `api/admin/freshness/county_liens?limit=20&${query}`,
        )
      ).body;
    const first = await page("state=empty");
    expect([first.elements.length, first.nextCursor]).toEqual([20, "county-31"]);
    const second = await page(`state=empty&cursor=${first.nextCursor}`);
    expect(second.elements.map(({ id }) => id)).toEqual(["county-32", "county-33", "county-34"]);
    expect(second.nextCursor).toBeNull();
    expect((await page("state=fresh")).elements.map(({ id }) => id)).toEqual(["county-10", "county-11"]);
  });
});

it("an unknown data set is 404 with the known ones", async () => {
  const { status, body } = await api.call("GET", "api/admin/freshness/counties");
  expect(status).toBe(404);
  expect(body).toMatchObject({ detail: expect.stringContaining("county_liens") as string });
});

it("health names the late elements of each data set, and stays healthy", async () => {
  await rateOf("2026-03-09", "USD");
  await county("never-az", "America/Phoenix", null);
  const { status, body } = await api.call("GET", "api/jobs/health");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    healthy: true,
    lateData: [{ dataSet: "county_liens", late: 1, elements: ["never-az"] }],
  });
});

it("held points are named with their number and the oldest day, in the list, of the element, and in health", async () => {
  await rateOf("2026-03-09", "USD", "CHF");
  const etf = await anEtf(api.db, { symbol: "HELD.DE" });
  await closesOf(api.db, etf, { "2026-03-09": "100" });
  const facts = { expected: null, source: "a", rule: "jump", reason: "a jump", foundAt: new Date() };
  const rate = { kind: "rate", subject: "CHF", value: "9", ...facts } as const;
  const point = {
    date: "2026-03-06",
    close: "9",
    open: null,
    high: null,
    low: null,
    adjustedClose: null,
    volume: null,
  };
  const price = {
    kind: "price",
    subject: etf.symbol,
    etfId: etf.id,
    series: "raw",
    point,
    value: "9",
    ...facts,
  } as const;
  const [, decided] = await api.db.transaction((tx) =>
    holdPoints(tx, [
      { ...rate, date: "2026-03-06" },
      { ...rate, date: "2026-03-05" },
      { ...rate, date: "2026-03-04" },
      { ...price, date: point.date },
    ]),
  );
  await api.db.execute(sql`
    update portfolio.suspect_points set state = 'accepted', resolution = 'r', resolved_by = 'a', resolved_at = now()
     where id = ${decided!.id}`);

  const chf = { count: 2, oldest: "2026-03-04" };
  expect(await dataSet("exchange_rates")).toMatchObject({ state: "fresh", held: [{ id: "CHF", ...chf }] });
  expect(await dataSet("etf_prices")).toMatchObject({ held: [{ id: "HELD.DE", count: 1, oldest: "2026-03-06" }] });
  const { body } = await api.call("GET", "api/admin/freshness/exchange_rates");
  expect(body).toMatchObject({
    elements: [
      { id: "CHF", held: chf },
      { id: "USD", held: null },
    ],
  });
  expect((await api.call("GET", "api/jobs/health")).body).toMatchObject({
    heldData: [
      { dataSet: "exchange_rates", held: 2, oldest: "2026-03-04", elements: ["CHF"] },
      { dataSet: "etf_prices", held: 1, oldest: "2026-03-06", elements: ["HELD.DE"] },
    ],
  });
});
