import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Etf } from "#data/portfolio/etf-schema.ts";
import { insertRates, ratesBetween } from "#data/portfolio/exchange-rates.ts";
import { listContributions, listValues } from "#data/portfolio/pensions.ts";
import { holdPoints } from "#data/portfolio/suspect-points.ts";
import { initializeEtfPension } from "#functions/portfolio/initialize-etf-pension.ts";
import { retryPendingEtfValuations } from "#functions/portfolio/retry-pending-etf-valuations.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { anEtf, aPension, closesOf } from "#support/pensions.ts";
import { TestClock } from "#support/test-clock.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

interface Point {
  id: number;
  state: string;
  reason: string;
  resolvedBy: string | null;
}

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, [initializeEtfPension, retryPendingEtfValuations], {
    clock: new TestClock("2026-03-06T22:00:00Z"),
  });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

let etf: Etf;
beforeEach(async () => {
  await api.db.execute(
    sql`truncate portfolio.etfs cascade; truncate portfolio.suspect_points; truncate platform.audit_log`,
  );
  etf = await anEtf(api.db);
  await closesOf(api.db, etf, { "2026-03-02": "10", "2026-03-03": "11", "2026-03-05": "14" });
});

const facts = { expected: "11", source: "yahoo", rule: "jump", foundAt: new Date("2026-03-04T22:00:00Z") };

async function aHeldPrice(close = "120"): Promise<number> {
  const nothing = { open: null, high: null, low: null, adjustedClose: null, volume: null };
  const point = { ...nothing, date: "2026-03-04", close };
  const reason = `close ${close} is far above both neighbours`;
  const subject = { kind: "price", subject: etf.symbol, etfId: etf.id, series: "raw" } as const;
  const [held] = await holdPoints(api.db as never, [
    { ...subject, ...facts, date: point.date, value: close, point, reason },
  ]);
  return held!.id;
}

const decide = (id: number, verb: "release" | "reject", reason = "as the exchange shows it") =>
  api.call<Point>("POST", `api/v1/suspect-points/${id}/${verb}`, { reason });
const list = async (query = "") =>
  (await api.call<{ points: Point[]; nextCursor: number | null }>("GET", `api/v1/suspect-points${query}`)).body;
const value = async () => {
  const asked = { input: {}, trigger: "chain", requestedBy: "a test" } as const;
  const run = await api.runner.execute((await api.enqueuer.enqueue(retryPendingEtfValuations, asked)).id);
  expect(run).toMatchObject({ state: "succeeded" });
};
const shown = async (pension: string) =>
  (await listValues(api.db, pension, { limit: 10 })).map(
    ({ date, value, reason }) => `${date.slice(5)} ${value ?? reason}`,
  );

describe("a price that is held back", () => {
  it("is listed, and marked among the prices of its ETF", async () => {
    const id = await aHeldPrice();
    expect((await list("?state=held&kind=price")).points).toMatchObject([{ id, state: "held" }]);
    const { body } = await api.call("GET", `api/v1/etf/${etf.symbol}/prices`);
    expect(body).toMatchObject({ suspects: [{ id, date: "2026-03-04", value: "120", rule: "jump" }] });
    expect(body.prices).toHaveLength(3);
  });

  it("makes its day and a purchase on it wait; a release stores it, values both, and is audited once", async () => {
    const id = await aHeldPrice();
    const pension = await aPension(api.db, etf, { contributions: [{ date: "2026-03-02" }] });
    const buyer = await aPension(api.db, etf, { contributions: [{ date: "2026-03-04" }] });
    await value();
    expect(await shown(pension)).toEqual(["03-02 100.00", "03-03 110.00", "03-04 suspect", "03-05 140.00"]);
    expect(await shown(buyer)).toEqual(["03-04 suspect", "03-05 contribution"]);

    expect(await decide(id, "release")).toMatchObject({ status: 200, body: { state: "accepted" } });
    expect(await decide(id, "release")).toMatchObject({ status: 200, body: { state: "accepted" } });
    expect(await decide(id, "reject")).toMatchObject({ status: 409 });
    await value();
    expect(await shown(pension)).toEqual(["03-02 100.00", "03-03 110.00", "03-04 1200.00", "03-05 140.00"]);
    expect((await shown(buyer))[0]).toBe("03-04 100.00");
    const audit = await api.db.execute(sql`select action, reason from platform.audit_log`);
    expect([...audit]).toEqual([{ action: "suspect point accepted", reason: "as the exchange shows it" }]);
  });

  it("is rejected: its day is no day of trading, and the purchase takes the next one", async () => {
    const id = await aHeldPrice();
    const buyer = await aPension(api.db, etf, { contributions: [{ date: "2026-03-04" }] });
    await value();
    expect(await decide(id, "reject")).toMatchObject({ status: 200, body: { state: "rejected" } });
    await value();
    expect(await shown(buyer)).toEqual(["03-05 100.00"]);
  });

  it("is not released when it is zero, and the reason is in the answer", async () => {
    const answer = await decide(await aHeldPrice("0"), "release");
    expect(answer).toMatchObject({ status: 409, body: { detail: "a price of 0 cannot be used: reject it" } });
    expect(await decide(999_999, "release")).toMatchObject({ status: 404 });
  });
});

describe("the held days after one that is released", () => {
  const held = async (date: string, close: string): Promise<number> => {
    const point = { date, close, open: null, high: null, low: null, adjustedClose: null, volume: null };
    const subject = { kind: "price", subject: etf.symbol, etfId: etf.id, series: "raw" } as const;
    const [one] = await holdPoints(api.db as never, [
      { ...subject, ...facts, date, value: close, point, reason: "a jump" },
    ]);
    return one!.id;
  };

  it("are stored with it at the same level, and one at another level stays held", async () => {
    const pension = await aPension(api.db, etf, { contributions: [{ date: "2026-03-02" }] });
    const first = await held("2026-03-06", "100");
    await held("2026-03-09", "101");
    await held("2026-03-10", "1");
    await held("2026-03-11", "102");
    await decide(first, "release");
    expect((await list()).points.toReversed()).toMatchObject([
      { state: "accepted", resolution: "as the exchange shows it" },
      { state: "accepted", resolution: "it agrees with the released price of 2026-03-06", resolvedBy: "rota" },
      { state: "held" },
      { state: "accepted", resolvedBy: "rota" },
    ]);
    await value();
    expect((await shown(pension)).slice(-4)).toEqual([
      "03-06 1000.00",
      "03-09 1010.00",
      "03-10 suspect",
      "03-11 1020.00",
    ]);
  });

  it("are stored with it for a rate of the same level and source", async () => {
    await insertRates(api.db, [{ date: "2026-03-03", rates: [{ quote: "CHF", rate: "1.2" }] }], "ecb");
    const jumps = [
      { ...facts, kind: "rate", subject: "CHF", date: "2026-03-04", value: "0.9", reason: "a jump", source: "ecb" },
      { ...facts, kind: "rate", subject: "CHF", date: "2026-03-05", value: "0.91", reason: "a jump", source: "ecb" },
    ] as const;
    const [first] = await holdPoints(api.db as never, jumps);
    await decide(first!.id, "release");
    const rates = await ratesBetween(api.db, {
      quotes: ["CHF"],
      from: "2026-03-01",
      to: "2026-03-31",
      sources: ["ecb"],
    });
    expect(rates.map(({ date, rate }) => [date, rate])).toEqual([
      ["2026-03-03", "1.2"],
      ["2026-03-04", "0.9"],
      ["2026-03-05", "0.91"],
    ]);
  });

  it("stay held when it is rejected", async () => {
    const first = await held("2026-03-06", "100");
    await held("2026-03-09", "101");
    await decide(first, "reject");
    expect((await list()).points.map(({ state }) => state)).toEqual(["held", "rejected"]);
  });
});

describe("a contribution of a hundred times the usual amount", () => {
  const money = (reference: string, date: string, amount: string) => ({ reference, date, amount, currency: "EUR" });

  async function aPensionWithIt(): Promise<string> {
    const contributions = [
      money("1", "2026-03-02", "250.00"),
      money("2", "2026-03-02", "250.00"),
      money("3", "2026-03-02", "250.00"),
      money("4", "2026-03-03", "25000.00"),
    ];
    const body = { etf: etf.symbol, name: "Old age", currency: "EUR", contributions };
    const created = await api.call<{ pension: string; run: string }>("POST", "api/v1/etf-pensions", body);
    await api.runner.execute(created.body.run);
    return created.body.pension;
  }

  it("buys nothing and makes its days wait, with the reason", async () => {
    const pension = await aPensionWithIt();
    expect((await list()).points).toMatchObject([
      { state: "held", reason: "25000.00 EUR is 100 times above the usual 250.00: cents and whole units are mixed" },
    ]);
    expect(await shown(pension)).toEqual(["03-02 750.00", "03-03 contribution", "03-05 contribution"]);
  });

  it("buys when it is released, and is deleted when it is rejected", async () => {
    const [released, rejected] = [await aPensionWithIt(), await aPensionWithIt()];
    const of = async (pension: string) => (await list(`?subject=${pension}`)).points[0]!.id;
    await decide(await of(released), "release");
    await decide(await of(rejected), "reject");
    await value();
    expect((await shown(released))[1]).toBe("03-03 25825.00");
    expect((await shown(rejected))[1]).toBe("03-03 825.00");
    expect(await listContributions(api.db, rejected)).toHaveLength(3);
  });
});
