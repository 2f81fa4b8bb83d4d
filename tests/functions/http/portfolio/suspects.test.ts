import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Etf } from "#data/portfolio/etf-schema.ts";
import { insertRates, ratesBetween } from "#data/portfolio/exchange-rates.ts";
import { lockPensions } from "#data/portfolio/pension-progress.ts";
import { listContributions, listReplacedValues, listValues } from "#data/portfolio/pensions.ts";
import { holdPoints } from "#data/portfolio/suspect-points.ts";
import { initializeEtfPension } from "#functions/portfolio/initialize-etf-pension.ts";
import { retryPendingEtfValuations } from "#functions/portfolio/retry-pending-etf-valuations.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { lockWait } from "#support/lock-wait.ts";
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
  await emptyTables(api.db, [
    "portfolio.etfs",
    "portfolio.suspect_points",
    "portfolio.exchange_rates",
    "platform.audit_log",
  ]);
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

const decide = (id: number, verb: "release" | "reject" | "withdraw", reason = "as the exchange shows it") =>
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

async function aHeldDay(date: string, close: string): Promise<number> {
  const point = { date, close, open: null, high: null, low: null, adjustedClose: null, volume: null };
  const subject = { kind: "price", subject: etf.symbol, etfId: etf.id, series: "raw" } as const;
  const [one] = await holdPoints(api.db as never, [
    { ...subject, ...facts, date, value: close, point, reason: "a jump" },
  ]);
  return one!.id;
}

describe("the held days after one that is released", () => {
  it("are stored with it at the same level, and one at another level stays held", async () => {
    const pension = await aPension(api.db, etf, { contributions: [{ date: "2026-03-02" }] });
    const first = await aHeldDay("2026-03-06", "100");
    await aHeldDay("2026-03-09", "101");
    await aHeldDay("2026-03-10", "1");
    await aHeldDay("2026-03-11", "102");
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
    const first = await aHeldDay("2026-03-06", "100");
    await aHeldDay("2026-03-09", "101");
    await decide(first, "reject");
    expect((await list()).points.map(({ state }) => state)).toEqual(["held", "rejected"]);
  });
});

describe("a decision that was a mistake", () => {
  const replaced = async (pension: string) =>
    (await listReplacedValues(api.db, pension, {})).map(({ date, value, reason }) => [date, value, reason]);
  const mistake = "the 120 was a misprint";

  it("is withdrawn: the price is held again, and what bought or was valued on it is computed again with the reason", async () => {
    const id = await aHeldPrice();
    const pension = await aPension(api.db, etf, { contributions: [{ date: "2026-03-02" }] });
    const buyer = await aPension(api.db, etf, { contributions: [{ date: "2026-03-04" }] });
    await decide(id, "release");
    await value();
    expect(await shown(buyer)).toEqual(["03-04 100.00", "03-05 11.67"]);

    expect(await decide(id, "withdraw", mistake)).toMatchObject({
      status: 200,
      body: { state: "held", resolution: null },
    });
    expect(await decide(id, "withdraw", mistake)).toMatchObject({ status: 200, body: { state: "held" } });
    await value();
    expect(await shown(pension)).toEqual(["03-02 100.00", "03-03 110.00", "03-04 suspect", "03-05 140.00"]);
    expect(await shown(buyer)).toEqual(["03-04 suspect", "03-05 contribution"]);
    expect(await replaced(buyer)).toEqual([
      ["2026-03-04", "100.00", `2026-03-04: ${mistake}`],
      ["2026-03-05", "11.67", `2026-03-04: ${mistake}`],
    ]);
    const audit = await api.db.execute(
      sql`select reason, before, after from platform.audit_log where action = 'suspect point withdrawn'`,
    );
    expect([...audit]).toMatchObject([
      { reason: mistake, before: { state: "accepted", value: "120" }, after: { state: "held", days: 3, pensions: 2 } },
    ]);

    await decide(id, "reject", mistake);
    await value();
    expect(await shown(pension)).toEqual(["03-02 100.00", "03-03 110.00", "03-05 140.00"]);
    expect(await shown(buyer)).toEqual(["03-05 100.00"]);
  });

  it("is withdrawn while a valuation with the wrong price runs: the valuation ends first, and its values are reopened", async () => {
    const id = await aHeldPrice();
    const pension = await aPension(api.db, etf, { contributions: [{ date: "2026-03-02" }] });
    await decide(id, "release");
    const [locked, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const valuation = api.db.transaction(async (tx) => {
      await lockPensions(tx, [pension]);
      await tx.execute(sql`
        insert into portfolio.etf_pension_values (pension_id, date, units, price, fx_rate, value, state)
        values (${pension}::uuid, '2026-03-04', 10, 120, 1, 1200, 'final')`);
      locked.resolve();
      await finish.promise;
    });
    await locked.promise;
    const withdrawn = decide(id, "withdraw", mistake);
    await lockWait(api.db);
    finish.resolve();
    await valuation;
    expect(await withdrawn).toMatchObject({ status: 200 });
    await value();
    expect(await shown(pension)).toEqual(["03-02 100.00", "03-03 110.00", "03-04 suspect", "03-05 140.00"]);
  });

  it("leaves a price that the source has corrected since", async () => {
    const id = await aHeldPrice();
    await decide(id, "release");
    await api.db.execute(sql`update portfolio.etf_prices set close = 12 where date = '2026-03-04'`);
    const pension = await aPension(api.db, etf, { contributions: [{ date: "2026-03-04" }] });
    expect(await decide(id, "withdraw", mistake)).toMatchObject({ body: { state: "held" } });
    await value();
    expect(await shown(pension)).toEqual(["03-04 100.00", "03-05 116.67"]);
  });

  it("takes the days with it that were stored because of it", async () => {
    const pension = await aPension(api.db, etf, { contributions: [{ date: "2026-03-02" }] });
    const first = await aHeldDay("2026-03-06", "100");
    await aHeldDay("2026-03-09", "101");
    await decide(first, "release");
    await value();
    await decide(first, "withdraw", mistake);
    expect((await list()).points.map(({ state }) => state)).toEqual(["held", "held"]);
    await value();
    expect((await shown(pension)).slice(-2)).toEqual(["03-06 suspect", "03-09 suspect"]);
    expect((await replaced(pension)).at(-1)).toEqual([
      "2026-03-09",
      "1010.00",
      `2026-03-09: the release of 2026-03-06 was withdrawn: ${mistake}`,
    ]);
  });

  it("is withdrawn for a rate: purchases and values on the days of its force wait, others stay", async () => {
    const ofDay = (date: string, rate: string) => ({ date, rates: [{ quote: "CHF", rate }] });
    await insertRates(api.db, [ofDay("2026-03-02", "1.2"), ofDay("2026-03-05", "1.25")], "ecb");
    await closesOf(api.db, etf, { "2026-03-04": "12" });
    const rate = { ...facts, kind: "rate", subject: "CHF", source: "ecb", reason: "a jump" } as const;
    const [monday, tuesday] = await holdPoints(api.db as never, [
      { ...rate, date: "2026-03-03", value: "1.2" },
      { ...rate, date: "2026-03-04", value: "0.12" },
    ]);
    await decide(monday!.id, "release");
    await decide(tuesday!.id, "release");
    const inFrancs = await aPension(api.db, etf, { currency: "CHF", contributions: [{ date: "2026-03-02" }] });
    const paidInFrancs = await aPension(api.db, etf, { contributions: [{ date: "2026-03-04", currency: "CHF" }] });
    await value();
    expect(await shown(inFrancs)).toEqual(["03-02 120.00", "03-03 132.00", "03-04 14.40", "03-05 175.00"]);
    expect(await shown(paidInFrancs)).toEqual(["03-04 833.33", "03-05 972.22"]);

    await decide(tuesday!.id, "withdraw", mistake);
    await value();
    expect(await shown(inFrancs)).toEqual(["03-02 120.00", "03-03 132.00", "03-04 rate", "03-05 175.00"]);
    expect(await shown(paidInFrancs)).toEqual(["03-04 contribution", "03-05 contribution"]);
    expect(await replaced(inFrancs)).toEqual([["2026-03-04", "14.40", `2026-03-04: ${mistake}`]]);
  });

  it("is withdrawn for a rejection: the point waits again, and a second held value of the day keeps it rejected", async () => {
    const id = await aHeldPrice();
    await decide(id, "reject");
    expect(await decide(id, "withdraw", mistake)).toMatchObject({ body: { state: "held" } });
    await decide(id, "reject");
    await aHeldPrice("130");
    expect(await decide(id, "withdraw", mistake)).toMatchObject({
      body: { state: "rejected", resolution: "it was withdrawn while another value of the day is held" },
    });
    expect(await decide(999_999, "withdraw")).toMatchObject({ status: 404 });
  });

  it("is withdrawn while a synchronisation stores another held value: it is rejected by the person who withdrew it", async () => {
    const id = await aHeldPrice();
    await decide(id, "reject");
    await api.db.execute(sql`update portfolio.suspect_points set resolved_by = 'rota'`);
    const [stored, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const synchronisation = api.db.transaction(async (tx) => {
      await tx.execute(sql`
        insert into portfolio.suspect_points (kind, subject, etf_id, date, value, point, series, source, rule, reason, found_at)
        select kind, subject, etf_id, date, 130, point, series, source, rule, reason, found_at from portfolio.suspect_points`);
      stored.resolve();
      await finish.promise;
    });
    await stored.promise;
    const withdrawn = decide(id, "withdraw", mistake);
    await lockWait(api.db);
    finish.resolve();
    await synchronisation;
    const { status, body } = await withdrawn;
    expect({ status, body }).toMatchObject({ status: 200, body: { state: "rejected" } });
    expect(body.resolvedBy).not.toBe("rota");
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

  it("waits again when its release is withdrawn, and a deleted one cannot be held again", async () => {
    const [released, rejected] = [await aPensionWithIt(), await aPensionWithIt()];
    const of = async (pension: string) => (await list(`?subject=${pension}`)).points[0]!.id;
    await decide(await of(released), "release");
    await value();
    await decide(await of(released), "withdraw", "the amount was wrong");
    await value();
    expect(await shown(released)).toEqual(["03-02 750.00", "03-03 contribution", "03-05 contribution"]);
    await decide(await of(rejected), "reject");
    expect(await decide(await of(rejected), "withdraw")).toMatchObject({
      status: 409,
      body: { detail: "the contribution was deleted when it was rejected: add it again" },
    });
  });
});
