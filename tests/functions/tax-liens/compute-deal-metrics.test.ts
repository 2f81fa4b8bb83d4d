import { eq, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { deals } from "#data/tax-liens/analysis-run-schema.ts";
import { dealMetrics, subsequentTaxes } from "#data/tax-liens/analysis-schema.ts";
import { counties } from "#data/tax-liens/tax-lien-schema.ts";
import { propertyValuations } from "#data/tax-liens/valuation-schema.ts";
import { computeDealMetrics } from "#functions/tax-liens/compute-deal-metrics.ts";
import { runAnalysis } from "#functions/tax-liens/run-analysis/index.ts";
import { METRICS_VERSION } from "#rules/tax-liens/lien-metrics.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { addLien } from "#support/liens.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { unchecked } from "#support/unchecked.ts";
import { askForAnalysis, whole } from "./analyses.ts";

const NOON = new Date("2026-01-01T19:00:00Z");
let database: TestDatabase;
let app: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
  app = startProcess(database.url, [computeDealMetrics, runAnalysis], { clock: new TestClock(NOON) });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
afterEach(async () => {
  app.clock.moveTo(NOON);
  await emptyTables(app.db, ["platform.job_runs", "platform.settings", "tax_liens.counties"]);
});

const ask = async (lienId: number) =>
  (
    await app.enqueuer.enqueue(unchecked(computeDealMetrics), {
      input: { lienId },
      trigger: "event",
      requestedBy: "a test",
    })
  ).id;
const compute = async (...liens: number[]) => {
  const ids: string[] = [];
  for (const lien of liens) ids.push(await ask(lien));
  return app.runner.executeBatch(computeDealMetrics, ids);
};
const stored = async (lienId: number) =>
  (await app.db.select().from(dealMetrics).where(eq(dealMetrics.lienId, lienId)))[0];

it("stores a lien's metrics for the local day, from the last valuation until then, as the result of the run", async () => {
  const { lienId, propertyId } = await addLien(app.db, { faceAmount: "1000", interestRate: "12" });
  const value = (day: string, amount: string, provider = "avm") =>
    ({ propertyId, provider, day, value: amount, state: "valued", createdAt: NOON }) as const;
  await app.db
    .insert(propertyValuations)
    .values([
      value("2025-10-20", "20000"),
      value("2026-01-01", "10000"),
      value("2026-01-02", "1"),
      { ...value("2026-01-01", "0", "another"), value: null, state: "missing", reason: "out of order" },
    ]);
  const [run] = await compute(lienId);
  const metrics = {
    lienId,
    asOf: "2026-01-01",
    version: METRICS_VERSION,
    cost: "1000.00",
    ltv: "0.100000",
    implausibleValue: false,
    expectedYield: "13.0000",
    irr: null,
    riskScore: "7.64",
    dealScore: "86.81",
    marks: ["assumed_sale"],
    explanation: null,
  };
  expect(await stored(lienId)).toEqual({ ...metrics, computedAt: NOON });
  expect(run!.result).toEqual(metrics);
});

it("uses the risk weights in force", async () => {
  const { lienId, propertyId } = await addLien(app.db, { faceAmount: "1000", interestRate: "12" });
  const valuation = { propertyId, provider: "avm", day: "2026-01-01", value: "1000", state: "valued" } as const;
  await app.db.insert(propertyValuations).values({ ...valuation, createdAt: NOON });
  await compute(lienId);
  expect(await stored(lienId)).toMatchObject({ riskScore: "44.00" });

  const weights = { ltv: 100, property_type: 0, valuation_age: 0, redemption_time: 0, flags: 0 };
  await app.db.execute(
    sql`insert into platform.settings values ('deal_risk_weights', ${JSON.stringify(weights)}::jsonb, now(), 'a test')`,
  );
  await compute(lienId);
  expect(await stored(lienId)).toMatchObject({ riskScore: "100.00" });
});

it("computes the possible metrics of liens without a valuation", async () => {
  const { lienId } = await addLien(app.db, { faceAmount: "1000", interestRate: "12" });
  await compute(lienId);
  expect(await stored(lienId)).toMatchObject({
    ltv: null,
    riskScore: null,
    dealScore: null,
    expectedYield: "13.0000",
    explanation: "the property has no valuation: no LTV, risk or score",
  });
});

it("marks a lien past its redemption deadline, and gives it no yield", async () => {
  const { lienId } = await addLien(app.db, {
    interestRate: "12",
    saleDate: "2022-06-01",
    redemptionDeadline: "2025-06-01",
  });
  const [run] = await compute(lienId);
  expect(await stored(lienId)).toMatchObject({ expectedYield: null, marks: ["lapsed", "no_valuation"] });
  expect(run!.result).toMatchObject({
    explanation: expect.stringContaining("the time to redeem ended on 2025-06-01") as string,
  });
});

it("takes flags as unknown when the county's list has no column for them", async () => {
  const { lienId, propertyId } = await addLien(app.db, {
    interestRate: "12",
    property: { codeViolations: true },
    countyId: "bare-az",
  });
  await app.db.update(counties).set({ source: { fields: {}, constants: { environmental: "no" } } });
  const valuation = { propertyId, provider: "avm", day: "2026-01-01", value: "100000", state: "valued" } as const;
  await app.db.insert(propertyValuations).values({ ...valuation, createdAt: NOON });
  await compute(lienId);
  // 4.00 for the type; of 10 for flags a third for code violations, a sixth for the unknown bankruptcy.
  expect(await stored(lienId)).toMatchObject({
    riskScore: "9.00",
    marks: ["assumed_sale", "unknown_flags", "unknown_amounts"],
  });
});

it("counts the taxes of later years", async () => {
  const { lienId } = await addLien(app.db, { faceAmount: "1000", interestRate: "12" });
  await app.db.insert(subsequentTaxes).values({ lienId, day: "2026-07-02", amount: "500" });
  await compute(lienId);
  expect(Number((await stored(lienId))?.irr)).toBeCloseTo(13.27, 1);
});

it("computes many at once, also a lien requested twice; a lien with invalid rules fails alone, without a retry", async () => {
  const first = await addLien(app.db, {});
  const second = await addLien(app.db, {});
  const bad = await addLien(app.db, {});
  await app.db.insert(counties).values({
    id: "nowhere-tx",
    name: "Nowhere",
    state: "TX",
    timeZone: "America/Chicago",
    source: {},
    ruleSet: "texas",
    createdAt: NOON,
    updatedAt: NOON,
  });
  await app.db.execute(sql`update tax_liens.liens set county_id = 'nowhere-tx' where id = ${bad.lienId}`);
  const runs = await compute(first.lienId, bad.lienId, second.lienId, first.lienId, 4_711);
  const endings = runs.map((run) => [(run.input as { lienId: number }).lienId, run.state, run.errors[0]?.message]);
  expect(endings.toSorted()).toEqual(
    [
      [first.lienId, "succeeded", undefined],
      [first.lienId, "succeeded", undefined],
      [second.lienId, "succeeded", undefined],
      [bad.lienId, "dead", expect.stringContaining("expected a rule set (arizona")],
      [4_711, "dead", "lienId: there is no lien 4711"],
    ].toSorted(),
  );
  expect(await stored(second.lienId)).toBeDefined();
});

it("keeps the metrics of a later day when a run is late", async () => {
  const { lienId } = await addLien(app.db, {});
  const late = await ask(lienId);
  app.clock.moveTo(new Date("2026-01-02T19:00:00Z"));
  await compute(lienId);
  await app.runner.executeBatch(computeDealMetrics, [late]);
  expect(await stored(lienId)).toMatchObject({ asOf: "2026-01-02" });
});

it("uses the local day, not the day in UTC", async () => {
  app.clock.moveTo(new Date("2026-01-01T06:59:59Z"));
  const { lienId } = await addLien(app.db, {});
  await compute(lienId);
  expect(await stored(lienId)).toMatchObject({ asOf: "2025-12-31" });
});

it("with an analysis, uses its day, and shows the metrics in its deal until a decision", async () => {
  const { lienId, propertyId } = await addLien(app.db, { faceAmount: "1000", interestRate: "12" });
  const value = { propertyId, provider: "avm", state: "valued", createdAt: NOON } as const;
  await app.db.insert(propertyValuations).values({ ...value, day: "2025-12-30", value: "100000" });
  const { id, run } = await askForAnalysis(app);
  await app.runner.execute(run.id);
  const [before] = (await whole(app.db, id)).deals;
  await app.db.insert(propertyValuations).values({ ...value, day: "2026-01-01", value: "10000" });
  app.clock.moveTo(new Date("2026-01-05T19:00:00Z"));
  const asked = { input: { lienId, analysisRunId: id }, trigger: "event", requestedBy: "a test" } as const;
  const compute = async () => {
    const { id: computing } = await app.enqueuer.enqueue(computeDealMetrics, asked);
    return app.runner.executeBatch(computeDealMetrics, [computing]);
  };
  await compute();
  const [after] = (await whole(app.db, id)).deals;
  expect(before?.deal).toMatchObject({ metrics: { ltv: "0.010000", asOf: "2026-01-01" }, cost: "1000.00" });
  expect(after?.deal).toMatchObject({ metrics: { ltv: "0.100000", asOf: "2026-01-01" }, cost: "1000.00", rank: 1 });
  expect(Number(after?.deal.score)).toBeLessThan(Number(before?.deal.score));

  await app.db.update(deals).set({ status: "approved" });
  await app.db.insert(propertyValuations).values({ ...value, provider: "aaa", day: "2026-01-01", value: "5000" });
  await compute();
  expect((await whole(app.db, id)).deals[0]?.deal.metrics).toMatchObject({ ltv: "0.100000" });
  const unknown = { ...asked, input: { lienId, analysisRunId: "01a202c5-90d9-73d6-8c20-87435e66fa8d" } };
  const { id: lost } = await app.enqueuer.enqueue(unchecked(computeDealMetrics), unknown);
  expect(await app.runner.executeBatch(computeDealMetrics, [lost])).toMatchObject([
    { state: "dead", errors: [{ message: expect.stringContaining("there is no analysis") as string }] },
  ]);
});
