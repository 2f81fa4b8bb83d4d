import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { auditLog } from "#data/platform/control-schema.ts";
import { replaceSubsequentTaxes } from "#data/tax-liens/subsequent-taxes.ts";
import { counties, liens } from "#data/tax-liens/tax-lien-schema.ts";
import { propertyValuations } from "#data/tax-liens/valuation-schema.ts";
import { computeDealMetrics } from "#functions/tax-liens/compute-deal-metrics.ts";
import { METRICS_VERSION } from "#rules/tax-liens/lien-metrics.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { addLien } from "#support/liens.ts";
import { lockWait } from "#support/lock-wait.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, [computeDealMetrics]);
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const compute = async (lienId: number) => {
  const { id } = await api.enqueuer.enqueue(computeDealMetrics, {
    input: { lienId },
    trigger: "event",
    requestedBy: "a test",
  });
  await api.runner.executeBatch(computeDealMetrics, [id]);
};
const metricsOf = (lienId: number) => api.call("GET", `api/liens/${lienId}/metrics`);

it("shows the metrics of a lien with their version, inputs and limits, and whether the inputs still give them", async () => {
  const { lienId, propertyId } = await addLien(api.db, { saleDate: "2020-01-15" });
  expect(await metricsOf(lienId)).toMatchObject({ status: 404 });
  const value = { propertyId, provider: "appraisal", day: "2026-01-01", value: "9000", state: "valued" } as const;
  await api.db.insert(propertyValuations).values({ ...value, createdAt: new Date() });
  await compute(lienId);
  const { status, body } = await metricsOf(lienId);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    lien: lienId,
    version: METRICS_VERSION,
    cost: "1000.00",
    ltv: "0.111111",
    expectedYield: null,
    isCurrent: true,
    explanation: "the time to redeem ended on 2023-01-15: no yield, and the score counts it as 0",
    marks: [
      { mark: "lapsed", meaning: expect.stringContaining("ended on 2023-01-15") as string },
      { mark: "assumed_rate", meaning: expect.stringContaining("computed with 16 %") as string },
    ],
    inputs: {
      faceAmount: "1000",
      rate: { rate: "16", from: "assumed" },
      deadline: { day: "2023-01-15", from: "sale" },
      valuation: { value: "9000", day: "2026-01-01", provider: "appraisal" },
      bankruptcy: false,
      weights: { ltv: 40 },
    },
  });

  await api.db.update(liens).set({ faceAmount: "1200" }).where(eq(liens.id, lienId));
  expect((await metricsOf(lienId)).body).toMatchObject({ cost: "1000.00", isCurrent: false });
});

it("replaces the taxes of later years of a lien, which its metrics then count", async () => {
  const { lienId } = await addLien(api.db, { interestRate: "12" });
  const today = new Date();
  const day = (days: number) => new Date(today.getTime() + days * 86_400_000).toISOString().slice(0, 10);
  const put = (taxes: unknown, id: number = lienId) => api.call("PUT", `api/liens/${id}/subsequent-taxes`, { taxes });
  expect(
    await put([
      { day: day(200), amount: "500" },
      { day: day(100), amount: "80.25" },
    ]),
  ).toMatchObject({
    status: 200,
    body: {
      taxes: [
        { day: day(100), amount: "80.25" },
        { day: day(200), amount: "500" },
      ],
    },
  });
  await compute(lienId);
  expect(Number((await metricsOf(lienId)).body.irr)).toBeGreaterThan(10);
  expect((await put([])).body).toEqual({ taxes: [] });
  await compute(lienId);
  expect((await metricsOf(lienId)).body).toMatchObject({ irr: null, inputs: { subsequentTaxes: [] } });
  const audited = await api.db
    .select()
    .from(auditLog)
    .where(eq(auditLog.subject, `lien:${lienId}`));
  expect(audited).toHaveLength(2);

  expect((await put([], 4_711)).status).toBe(404);
  const twice = [
    { day: "2026-05-01", amount: "1" },
    { day: "2026-05-01", amount: "2" },
  ];
  for (const wrong of [twice, [{ day: "2026-02-30", amount: "1" }], [{ day: "2026-05-01", amount: "0.00" }]]) {
    expect((await put(wrong)).status).toBe(400);
  }
});

it("the audit of taxes of later years names those that another request has just stored", async () => {
  const { lienId } = await addLien(api.db, { interestRate: "12" });
  const [first, second] = [
    { day: "2027-05-01", amount: "80.25" },
    { day: "2028-05-01", amount: "500" },
  ];
  const { answer } = await api.db.transaction(async (tx) => {
    await replaceSubsequentTaxes(tx, lienId, [first]);
    const answer = api.call("PUT", `api/liens/${lienId}/subsequent-taxes`, { taxes: [second] });
    await lockWait(api.db);
    return { answer };
  });
  expect(await answer).toMatchObject({ status: 200, body: { taxes: [second] } });
  const [audited] = await api.db
    .select()
    .from(auditLog)
    .where(eq(auditLog.subject, `lien:${lienId}`));
  expect(audited).toMatchObject({ before: { taxes: [first] }, after: { taxes: [second] } });
});

it("metrics without a rate of return are not current once the taxes give one, be it 0", async () => {
  const { lienId } = await addLien(api.db, { interestRate: "0" });
  await compute(lienId);
  expect((await metricsOf(lienId)).body).toMatchObject({ irr: null, isCurrent: true });
  const day = new Date(Date.now() + 100 * 86_400_000).toISOString().slice(0, 10);
  await api.call("PUT", `api/liens/${lienId}/subsequent-taxes`, { taxes: [{ day, amount: "500" }] });
  expect((await metricsOf(lienId)).body).toMatchObject({ irr: null, isCurrent: false });
  await compute(lienId);
  expect((await metricsOf(lienId)).body).toMatchObject({ irr: "0.0000", isCurrent: true });
});

it("an amount is unknown where the list has no column for it, unless it was listed before", async () => {
  await addLien(api.db, { countyId: "columns-az" });
  await api.db.update(counties).set({ source: {} }).where(eq(counties.id, "columns-az"));
  const { lienId } = await addLien(api.db, { countyId: "columns-az", priorLiens: "75.5" });
  await compute(lienId);
  expect((await metricsOf(lienId)).body.marks).toContainEqual({
    mark: "unknown_amounts",
    meaning: "the county's list has no column for fees: they count as 0",
  });
});
