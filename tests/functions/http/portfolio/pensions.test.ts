import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Etf } from "#data/portfolio/etf-schema.ts";
import { findEtf } from "#data/portfolio/etfs.ts";
import { initializeEtfPension } from "#functions/portfolio/initialize-etf-pension.ts";
import { retryPendingEtfValuations } from "#functions/portfolio/retry-pending-etf-valuations.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { anEtf, closesOf, finalRows } from "#support/pensions.ts";
import { TestClock } from "#support/test-clock.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

interface Shown {
  state: string;
  latest: { date: string; value: string } | null;
  pending: { reason: string; days: number; meaning: string }[];
  contributions: { reference: string; units: string | null }[];
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
  etf = await anEtf(api.db, { inUse: false });
  await closesOf(api.db, etf, { "2026-03-02": "10", "2026-03-03": "11", "2026-03-04": "12", "2026-03-06": "14" });
});

const money = { reference: "march", date: "2026-03-02", amount: "100.00", currency: "EUR" };
const request = (given: object = {}) => ({
  etf: etf.symbol,
  name: "Old age",
  currency: "EUR",
  contributions: [money],
  ...given,
});
const pensions = async () =>
  (await api.db.execute(sql`select count(*)::integer as n from portfolio.etf_pensions`))[0]!.n;

async function create(given?: object): Promise<string> {
  const { status, body } = await api.call<{ pension: string; run: string }>(
    "POST",
    "api/v1/etf-pensions",
    request(given),
  );
  expect(status, JSON.stringify(body)).toBe(201);
  expect(await api.runner.execute(body.run)).toMatchObject({ state: "succeeded" });
  return body.pension;
}
const show = async (id: string) => (await api.call<Shown>("GET", `api/v1/etf-pensions/${id}`)).body;
const values = async (id: string, query = "") =>
  (
    await api.call<{ values: { date: string; value: string | null; state: string }[]; nextCursor: string | null }>(
      "GET",
      `api/v1/etf-pensions/${id}/values${query}`,
    )
  ).body;

describe("creating a pension", () => {
  it("stores it with its contributions, takes its ETF into use, and enqueues its valuation, all or nothing", async () => {
    const { status, body, headers } = await api.call("POST", "api/v1/etf-pensions", request());
    expect(status).toBe(201);
    expect(headers.location).toBe(`/api/v1/etf-pensions/${String(body.pension)}`);
    expect(api.dispatched.at(-1)).toMatchObject({ id: body.run, jobId: "initialize_etf_pension" });
    expect(await findEtf(api.db, etf.symbol)).toMatchObject({ inUse: true });
    expect(await show(String(body.pension))).toMatchObject({
      state: "pending",
      latest: null,
      contributions: [{ units: null }],
    });

    await api.runner.execute(String(body.run));
    expect(await show(String(body.pension))).toMatchObject({
      state: "ready",
      latest: { date: "2026-03-06", value: "140.00" },
      pending: [],
      contributions: [{ reference: "march", boughtOn: "2026-03-02", units: "10.000000000000" }],
    });
  });

  it("happens once for an Idempotency-Key, and another request with it is refused", async () => {
    const post = (body: object) =>
      api.call("POST", "api/v1/etf-pensions", body, { "idempotency-key": `once ${etf.symbol}`.replace(" ", "-") });
    const [first, again, other] = [
      await post(request()),
      await post(request()),
      await post(request({ name: "Other" })),
    ];
    expect([first.status, again.status, other.status]).toEqual([201, 200, 422]);
    expect(again.body).toEqual(first.body);
  });

  it.each([
    [{ etf: "NOSUCH" }, "etf", 'there is no ETF "NOSUCH": add it first, with POST api/v1/etf'],
    [{ currency: "XXX" }, "currency", "ISO 4217"],
    [{ contributions: [{ ...money, amount: "-1" }] }, "contributions.0.amount", "expected an amount above zero"],
    [{ contributions: [{ ...money, amount: 100 }] }, "contributions.0.amount", "a JSON number is not exact"],
    [{ contributions: [{ ...money, date: "2026-03-07" }] }, "contributions.0.date", "is in the future"],
    [{ contributions: [money, money] }, "contributions.1.reference", "is also the reference of contribution 0"],
    [{ name: "" }, "name", ""],
  ])("%o is refused with the field's name, and nothing is stored", async (given, field, reason) => {
    const before = await pensions();
    const { status, body } = await api.call<{ errors: { field: string; reason: string }[] }>(
      "POST",
      "api/v1/etf-pensions",
      request(given),
    );
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ field, reason: expect.stringContaining(reason) as string }]);
    expect(await pensions()).toBe(before);
  });

  it("refuses an ETF with adjusted prices, with the reason", async () => {
    const adjusted = await anEtf(api.db, { series: "adjusted" });
    const { status, body } = await api.call("POST", "api/v1/etf-pensions", request({ etf: adjusted.symbol }));
    expect(status).toBe(400);
    expect(body.detail).toContain("adjusted for dividends");
  });
});

describe("adding contributions", () => {
  const add = (id: string, contributions: object[], more: object = {}) =>
    api.call("POST", `api/v1/etf-pensions/${id}/contributions`, { contributions, ...more });

  it("changes no final day when they are dated after all final days", async () => {
    const id = await create();
    const before = await finalRows(api.db);
    api.clock.moveTo("2026-03-09T10:00:00Z");
    const { status, body } = await add(id, [{ ...money, reference: "later", date: "2026-03-09" }]);
    api.clock.moveTo("2026-03-06T22:00:00Z");
    expect([status, body]).toMatchObject([202, { added: 1, known: 0, reopenedDays: 0 }]);
    await api.runner.execute(String(body.run));
    expect(await finalRows(api.db)).toEqual(before);
    await closesOf(api.db, etf, { "2026-03-09": "20" });
    await api.runner.execute(
      (await api.enqueuer.enqueue(retryPendingEtfValuations, { input: {}, trigger: "chain", requestedBy: "a test" }))
        .id,
    );
    expect((await values(id)).values.at(-1)).toMatchObject({ date: "2026-03-09", value: "300.00" });
  });

  it("counts a known reference once, and refuses it for another amount", async () => {
    const id = await create();
    expect((await add(id, [{ ...money, amount: "100.0" }])).body).toMatchObject({
      added: 0,
      known: 1,
      reopenedDays: 0,
    });
    const { status, body } = await add(id, [{ ...money, amount: "99.00" }]);
    expect([status, body.detail]).toEqual([
      400,
      expect.stringContaining("march was booked as 100.00 EUR on 2026-03-02"),
    ]);
    expect((await show(id)).contributions).toHaveLength(1);
  });

  it("dated before final days is refused without a reason, and changes nothing", async () => {
    const id = await create();
    const before = await finalRows(api.db);
    const { status, body } = await add(id, [{ ...money, reference: "late", date: "2026-03-03" }]);
    expect(status).toBe(409);
    expect(body).toMatchObject({
      type: "urn:rota:problem:values-are-final",
      errors: [{ field: "reopenReason" }],
      finalDays: { days: 3, first: "2026-03-03", last: "2026-03-06" },
    });
    expect(await finalRows(api.db)).toEqual(before);
  });

  it("with a reason reopens the days since then, audited, and values them again; earlier days stay", async () => {
    const id = await create();
    const before = await finalRows(api.db);
    const late = { ...money, reference: "late", date: "2026-03-03", amount: "55.00" };
    const { body } = await add(id, [late], { reopenReason: "the bank was late" });
    expect(body).toMatchObject({ added: 1, reopenedDays: 3 });
    expect((await values(id)).values.map(({ value, state }) => value ?? state)).toEqual([
      "100.00",
      "pending",
      "pending",
      "pending",
    ]);
    expect((await show(id)).pending).toMatchObject([{ reason: "reopened", days: 3 }]);

    await api.runner.execute(String(body.run));
    expect((await values(id)).values.map(({ value }) => value)).toEqual(["100.00", "165.00", "180.00", "210.00"]);
    expect((await finalRows(api.db)).get(`${id} 2026-03-02`)).toBe(before.get(`${id} 2026-03-02`));
    const { body: audit } = await api.call<{ entries: object[] }>("GET", `api/admin/audit?subject=pension:${id}`);
    expect(audit.entries).toMatchObject([
      {
        action: "pension days reopened",
        reason: "the bank was late",
        before: { days: 3, last: "2026-03-06", value: "140.00" },
      },
    ]);
  });

  it("before the first one adds the days before it", async () => {
    const id = await create({ contributions: [{ ...money, date: "2026-03-04" }] });
    const { body } = await add(id, [{ ...money, reference: "late", date: "2026-03-02" }], { reopenReason: "found" });
    await api.runner.execute(String(body.run));
    expect((await values(id)).values.map(({ value }) => value)).toEqual(["100.00", "110.00", "220.00", "256.67"]);
  });
});

it("a revaluation uses corrected prices from its date on, and contributions since then buy again", async () => {
  const id = await create({
    contributions: [money, { ...money, reference: "second", date: "2026-03-04", amount: "12.00" }],
  });
  await api.db.execute(
    sql`update portfolio.etf_prices set close = close / 2 where etf_id = ${etf.id} and date >= '2026-03-04'`,
  );
  const { status, body } = await api.call("POST", `api/v1/etf-pensions/${id}/revaluation`, {
    from: "2026-03-04",
    reason: "wrong prices",
  });
  expect([status, body]).toMatchObject([202, { reopenedDays: 2 }]);
  await api.runner.execute(String(body.run));
  expect((await values(id)).values.map(({ value }) => value)).toEqual(["100.00", "110.00", "72.00", "84.00"]);
});

describe("reading pensions", () => {
  it("values are paged, oldest first, from one date to another", async () => {
    const id = await create();
    const first = await values(id, "?limit=2");
    expect(first).toMatchObject({ values: [{ date: "2026-03-02" }, { date: "2026-03-03" }], nextCursor: "2026-03-04" });
    expect((await values(id, `?limit=2&cursor=${first.nextCursor}`)).values.map(({ date }) => date)).toEqual([
      "2026-03-04",
      "2026-03-06",
    ]);
    expect((await values(id, "?from=2026-03-03&to=2026-03-05")).values.map(({ date }) => date)).toEqual([
      "2026-03-03",
      "2026-03-04",
    ]);
  });

  it("pensions are paged, newest first, with their values", async () => {
    const ids = [await create(), await create()];
    const { body } = await api.call<{ pensions: { id: string }[]; nextCursor: string }>(
      "GET",
      "api/v1/etf-pensions?limit=1",
    );
    expect(body.pensions).toMatchObject([
      { id: ids[1], etf: { symbol: etf.symbol }, latest: { value: "140.00" }, pendingDays: 0 },
    ]);
    const next = await api.call<{ pensions: { id: string }[] }>(
      "GET",
      `api/v1/etf-pensions?limit=1&cursor=${body.nextCursor}`,
    );
    expect(next.body.pensions[0]!.id).toBe(ids[0]);
  });

  it("pending days are explained in a sentence", async () => {
    const id = await create({ currency: "USD" });
    expect((await show(id)).pending).toMatchObject([
      { reason: "rate", days: 4, meaning: expect.stringContaining("no rate from EUR to USD") as string },
    ]);
  });

  it.each([
    ["GET", ""],
    ["GET", "/values"],
    ["POST", "/contributions"],
    ["POST", "/revaluation"],
  ])("%s of a pension%s that does not exist is 404", async (method, path) => {
    const body = path === "/contributions" ? { contributions: [money] } : { from: "2026-03-02", reason: "a reason" };
    const id = "01900000-0000-7000-8000-000000000000";
    const { status } = await api.call(method, `api/v1/etf-pensions/${id}${path}`, method === "POST" ? body : undefined);
    expect(status).toBe(404);
  });
});
