import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { eq, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findRun } from "#data/platform/job-runs.ts";
import { notifications } from "#data/platform/notification-schema.ts";
import { analysisCandidates, deals } from "#data/tax-liens/analysis-run-schema.ts";
import { dealMetrics } from "#data/tax-liens/analysis-schema.ts";
import { counties, liens } from "#data/tax-liens/tax-lien-schema.ts";
import { propertyValuations } from "#data/tax-liens/valuation-schema.ts";
import { runAnalysis } from "#functions/tax-liens/run-analysis/index.ts";
import { applyControls } from "#operations/controls-change.ts";
import { type Candidate, compareCandidates, fillBudget } from "#rules/tax-liens/fill-budget.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { addLien, addLiens } from "#support/liens.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { unchecked } from "#support/unchecked.ts";
import { Log } from "#telemetry/log.ts";
import { askForAnalysis, whole } from "./analyses.ts";

const NOON = new Date("2026-01-01T19:00:00Z");
let database: TestDatabase;
let app: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
  app = startProcess(database.url, [runAnalysis], { clock: new TestClock(NOON) });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
afterEach(async () => {
  app.clock.moveTo(NOON);
  await emptyTables(app.db, [
    "platform.job_runs",
    "platform.notifications",
    "tax_liens.counties",
    "tax_liens.analysis_runs",
    "tax_liens.analysis_candidates",
  ]);
});

const analyse = async (constraints: Readonly<Record<string, unknown>> = {}) => {
  const { id, run } = await askForAnalysis(app, constraints);
  const ended = await app.runner.execute(run.id);
  return { run: ended!, analysis: await whole(app.db, id) };
};
/** A lien on a property with that value. */
const offer = async (faceAmount: string, value: string, given: Parameters<typeof addLien>[1] = {}) => {
  const { lienId, propertyId } = await addLien(app.db, { faceAmount, interestRate: "12", ...given });
  await app.db
    .insert(propertyValuations)
    .values({ propertyId, provider: "avm", day: "2026-01-01", value, state: "valued", createdAt: NOON });
  return lienId;
};

describe("an analysis", () => {
  it("creates deals from the best liens until the budget is spent, and sends a notification", async () => {
    const good = await offer("4000", "400000");
    const better = await offer("3000", "300000", { interestRate: "16" });
    await offer("3500", "350000", { interestRate: "11" });
    const small = await offer("2500", "250000", { interestRate: "10" });
    await offer("100", "100000", { status: "sold" });
    const { run, analysis } = await analyse();
    expect(run).toMatchObject({ state: "succeeded", result: { liens: 4, candidates: 4, deals: 3, cost: "9500.00" } });
    expect(analysis.deals.map(({ deal: { lienId, rank, cost, status } }) => [lienId, rank, cost, status])).toEqual([
      [better, 1, "3000.00", "candidate"],
      [good, 2, "4000.00", "candidate"],
      [small, 3, "2500.00", "candidate"],
    ]);
    expect(analysis).toMatchObject({
      state: "succeeded",
      error: null,
      checkpoint: null,
      asOf: "2026-01-01",
      startedAt: NOON,
      finishedAt: NOON,
      summary: {
        liens: 4,
        failed: 0,
        candidates: 4,
        unmet: {},
        deals: 3,
        cost: "9500.00",
        budget: "10000",
        averageRisk: "4.00",
        counties: [{ countyId: "sample-az", available: 4, deals: 3, cost: "9500.00" }],
        notes: [],
      },
    });
    expect(analysis.steps.map(({ step }) => step)).toEqual([
      ...["definition", "constraints", "liens", "metrics", "filter", "deals", "summary"],
    ]);
    const [completion] = await app.db.select().from(notifications);
    expect(completion).toMatchObject({
      recipient: "user:1",
      type: "analysis.succeeded",
      data: { analysis: analysis.id },
    });
    expect(await app.db.$count(analysisCandidates)).toBe(0);
    expect(await app.db.$count(dealMetrics)).toBe(4);
  });

  it("applies each constraint, and counts the liens that do not meet it", async () => {
    const fits = await offer("1000", "100000");
    await offer("99", "100000");
    await offer("1000", "1500");
    await offer("1000", "100000", { interestRate: "5" });
    await offer("1000", "100000", { property: { propertyType: "vacant_land" } });
    await addLien(app.db, { faceAmount: "1000" });
    const { analysis } = await analyse({
      minFace: "100",
      maxLtv: 0.5,
      minYield: 8,
      propertyTypes: ["residential"],
    });
    expect(analysis.deals.map(({ deal }) => deal.lienId)).toEqual([fits]);
    expect(analysis.summary).toMatchObject({
      candidates: 1,
      unmet: { minFace: 1, maxLtv: 1, minYield: 1, propertyTypes: 1, no_valuation: 1 },
      leftOut: { minFace: 1, maxLtv: 1, minYield: 1, propertyTypes: 1, no_valuation: 1 },
      notes: ["1 lien has no score, because the property has no valuation"],
    });
  });

  it("leaves out liens past their deadline and counts them, unless the investor admits them", async () => {
    const open = await offer("1000", "100000");
    const lapsed = await offer("900", "100000", { saleDate: "2022-06-01", redemptionDeadline: "2025-12-31" });
    const { analysis } = await analyse();
    expect(analysis.deals.map(({ deal }) => deal.lienId)).toEqual([open]);
    expect(analysis.summary).toMatchObject({
      leftOut: { lapsed: 1 },
      notes: ["1 lien is past the redemption deadline; includeLapsed admits them"],
    });

    const { analysis: all } = await analyse({ includeLapsed: true });
    expect(all.deals.map(({ deal }) => [deal.lienId, deal.metrics.marks])).toEqual([
      [open, ["assumed_sale"]],
      [lapsed, ["lapsed"]],
    ]);
    expect(all.summary).toMatchObject({ averageYield: "13.0000", leftOut: {} });
  });

  it("counts the candidates that it leaves out, by the limit that they exceed", async () => {
    await offer("6000", "1000000", { interestRate: "16" });
    await offer("5000", "1000000", { interestRate: "15" });
    await offer("100", "1000000", { interestRate: "14" });
    await offer("100", "1000000", { interestRate: "13" });
    const { analysis } = await analyse({ maxDeals: 2 });
    expect(analysis.summary).toMatchObject({ deals: 2, leftOut: { budget: 1, maxDeals: 1 } });
  });

  it("spreads the budget over counties by their share", async () => {
    await offer("3000", "300000", { interestRate: "16" });
    await offer("3000", "300000", { interestRate: "15" });
    const elsewhere = await offer("3000", "300000", { interestRate: "5", countyId: "other-az" });
    const { analysis } = await analyse({ counties: ["sample-az", "other-az"], maxCountyShare: 0.5 });
    expect(analysis.deals.map(({ lien }) => lien.countyId)).toEqual(["sample-az", "other-az"]);
    expect(analysis.deals.at(-1)?.deal.lienId).toBe(elsewhere);
  });

  it("ranks like the rule, also many liens with the same score", async () => {
    await addLiens(app.db, 500);
    const { analysis } = await analyse({ budget: "20000", maxRiskScore: 7.64 });
    const scored = await app.db.execute<Candidate & Record<string, unknown>>(sql`
      select m.lien_id::float8 as "lienId", l.county_id as "countyId", cost::text, deal_score::text as "dealScore"
        from ${dealMetrics} m join ${liens} l on l.id = m.lien_id where risk_score <= 7.64`);
    const expected: number[] = [];
    for await (const deal of fillBudget([...scored].toSorted(compareCandidates), { budget: "20000" })) {
      expected.push(deal.lienId);
    }
    expect(expected.length).toBeGreaterThan(20);
    expect(analysis.deals.map(({ deal }) => deal.lienId)).toEqual(expected);
  });

  it.each([
    ["none of the counties has an available lien", {}, async () => addLien(app.db, { status: "sold" })],
    ["no lien meets the constraints; not met: maxLtv (1)", { maxLtv: 0.001 }, async () => offer("1000", "100000")],
    ["no lien meets the constraints; not met: no_valuation (1)", {}, async () => addLien(app.db, {})],
    ["the cheapest candidate costs 1000.00", { budget: "999.99" }, async () => offer("1000", "100000")],
  ])("without deals has the reason: %s", async (reason, constraints, given) => {
    await given();
    const { run, analysis } = await analyse(constraints);
    expect(run.state).toBe("succeeded");
    expect((analysis.summary as { notes: string[] }).notes[0]).toContain(`there are no deals: ${reason}`);
  });

  it("that has succeeded does not run again", async () => {
    await offer("1000", "100000");
    const { analysis } = await analyse();
    const again = await app.enqueuer.enqueue(runAnalysis, {
      input: { analysisRunId: analysis.id },
      trigger: "manual",
      requestedBy: "a test",
    });
    await offer("1000", "100000");
    expect(await app.runner.execute(again.id)).toMatchObject({ state: "succeeded", result: { deals: 1 } });
    expect(await whole(app.db, analysis.id)).toEqual(analysis);
    expect(await app.db.$count(notifications)).toBe(1);
  });
});

describe("an invalid analysis", () => {
  it.each([
    ["constraints.budget: expected a budget above zero", { budget: "0" }],
    ["constraints.maxFace: expected at least minFace", { minFace: "2", maxFace: "1" }],
    ["constraints.counties.1: there is no county none-az", { counties: ["sample-az", "none-az"] }],
    ["expected a rule set (arizona", { counties: ["nowhere-tx"] }],
  ])("fails at once, with the reason: %s", async (reason, constraints) => {
    await offer("1000", "100000");
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
    const { run, analysis } = await analyse(constraints);
    expect(run).toMatchObject({ state: "dead", attempt: 1 });
    expect(analysis).toMatchObject({ state: "failed", error: expect.stringContaining(reason) as string, deals: [] });
    const [completion] = await app.db.select().from(notifications);
    expect(completion).toMatchObject({ recipient: "user:1", type: "analysis.failed", severity: "WARN" });
  });

  it("starts again when it is requested again", async () => {
    await app.db.insert(counties).values({
      id: "sample-az",
      name: "Sample",
      state: "AZ",
      timeZone: "America/Phoenix",
      source: {},
      ruleSet: "texas",
      createdAt: NOON,
      updatedAt: NOON,
    });
    const { analysis } = await analyse();
    await app.db.update(counties).set({ ruleSet: "arizona" });
    await offer("1000", "100000");
    app.clock.advance(60_000);
    const again = await app.enqueuer.enqueue(runAnalysis, {
      input: { analysisRunId: analysis.id },
      trigger: "replay",
      requestedBy: "a test",
    });
    await app.runner.execute(again.id);
    expect(await whole(app.db, analysis.id)).toMatchObject({
      state: "succeeded",
      error: null,
      runId: again.id,
      asOf: "2026-01-01",
      deals: [{}],
      startedAt: app.clock.now(),
    });
  });

  it("does not fail with another of its runs that is discarded", async () => {
    await offer("1000", "100000");
    const { id, run } = await askForAnalysis(app);
    const other = await app.enqueuer.enqueue(runAnalysis, {
      input: { analysisRunId: id },
      trigger: "manual",
      requestedBy: "a test",
    });
    await app.runner.cancel(other.id, { reason: "a mistake", who: "a test" });
    expect(await whole(app.db, id)).toMatchObject({ state: "queued" });
    await app.runner.execute(run.id);
    expect(await whole(app.db, id)).toMatchObject({ state: "succeeded" });
  });

  it("that does not exist fails the run at once, with the field", async () => {
    const missing = "01a202c5-90d9-73d6-8c20-87435e66fa8d";
    const { id } = await app.enqueuer.enqueue(unchecked(runAnalysis), {
      input: { analysisRunId: missing },
      trigger: "manual",
      requestedBy: "a test",
    });
    expect(await app.runner.execute(id)).toMatchObject({
      state: "dead",
      attempt: 1,
      errors: [{ class: "validation", message: `analysisRunId: there is no analysis ${missing}` }],
    });
  });
});

/** Runs an analysis of 2,500 liens in another process, which waits in its second page until `release`. */
async function analyseElsewhere(constraints: Readonly<Record<string, unknown>>) {
  const { id, run } = await askForAnalysis(app, constraints);
  app.clock.advance(60_000);
  // The second page waits for this row; the first page is committed.
  const isHeld = Promise.withResolvers<void>();
  const mayGo = Promise.withResolvers<void>();
  const holding = app.db.transaction(async (tx) => {
    await tx.execute(
      sql`select from ${dealMetrics} where lien_id = (select max(lien_id) from ${dealMetrics}) for update`,
    );
    isHeld.resolve();
    await mayGo.promise;
  });
  await isHeld.promise;
  const script = join(import.meta.dirname, "analysis-process.ts");
  const child = spawn(process.execPath, [script, database.url, run.id, app.clock.now().toISOString()], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const exited = once(child, "exit");
  await until(async () => (await whole(app.db, id)).checkpoint?.computed === 2_000);
  return {
    id,
    runId: run.id,
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
    release: async () => {
      mayGo.resolve();
      await holding;
    },
    exited,
  };
}

async function until(isReached: () => Promise<boolean>): Promise<void> {
  while (!(await isReached())) await setTimeout(20);
}

const dealsOf = ({ deals }: Awaited<ReturnType<typeof whole>>) =>
  deals.map(({ deal: { lienId, rank, cost } }) => [lienId, rank, cost]);

describe("an analysis that is stopped after its first page", () => {
  const constraints = { budget: "50000", maxRiskScore: 7.64 };
  let undisturbed: Awaited<ReturnType<typeof whole>>;
  beforeEach(async () => {
    await addLiens(app.db, 2_500);
    ({ analysis: undisturbed } = await analyse(constraints));
    expect(undisturbed.deals.length).toBeGreaterThan(50);
  });

  /** It computed the 500 liens of the second page alone, and its deals and counts are those without a stop. */
  async function expectContinued(id: string): Promise<void> {
    const analysis = await whole(app.db, id);
    expect(dealsOf(analysis)).toEqual(dealsOf(undisturbed));
    expect(analysis.summary).toEqual(undisturbed.summary);
    const later = await app.db.$count(dealMetrics, eq(dealMetrics.computedAt, app.clock.now()));
    expect(later).toBe(500);
    expect(await app.db.$count(deals, eq(deals.analysisRunId, id))).toBe(undisturbed.deals.length);
  }
  // The lease uses the clock of the database.
  const expireLease = () =>
    app.db.execute(
      sql`update platform.job_runs set lease_expires_at = now() - interval '1 second' where state = 'running'`,
    );
  const turn = (writeEnabled: boolean) =>
    applyControls(
      { ...app, log: new Log(() => undefined) },
      { scope: "all", flags: { writeEnabled } },
      { families: [], who: "a test", reason: "a test" },
    );
  const read = async (id: string) => (await findRun(app.db, id))!;

  it("by kill -9, continues from the last page, with the same result", async () => {
    const { id, runId, kill, release } = await analyseElsewhere(constraints);
    await kill();
    await release();
    expect(await whole(app.db, id)).toMatchObject({ state: "running", deals: [] });

    // A lien that is sold after its computation does not change the counts.
    await app.db.execute(sql`
      update ${liens} set status = 'sold' where id = (select min(lien_id) from ${dealMetrics} where deal_score is null)`);
    await expireLease();
    expect(await app.runner.rescueExpiredRuns()).toMatchObject({ retrying: 1 });
    app.clock.advance(3_600_000);
    expect(await app.runner.execute(runId)).toMatchObject({ state: "succeeded", attempt: 2 });
    await expectContinued(id);
  });

  it.each(["", ", and whose process is killed before it has stopped"])(
    "by the write switch%s, waits for it, then continues from the last page in another process",
    async (killed) => {
      const { id, runId, kill, release, exited } = await analyseElsewhere(constraints);
      await turn(false);
      await until(async () => (await read(runId)).reasonCode === "write-disabled");
      if (killed) {
        await kill();
        await release();
        await expireLease();
        expect(await app.runner.rescueExpiredRuns()).toMatchObject({ retrying: 1 });
      } else {
        await release();
        await exited;
      }
      const waits = { state: "retrying", attempt: 1, maxAttempts: 5, reasonCode: "write-disabled", errors: [] };
      expect(await read(runId)).toMatchObject(waits);
      expect(await whole(app.db, id)).toMatchObject({ state: "running", deals: [], error: null });
      app.clock.advance(3_600_000);
      expect(await app.runner.execute(runId), "the switch is off").toBeUndefined();
      app.dispatched.length = 0;
      await turn(true);
      expect(app.dispatched).toMatchObject([{ id: runId }]);
      expect(await app.runner.execute(runId)).toMatchObject({ state: "succeeded", attempt: 2, errors: [] });
      await expectContinued(id);
    },
  );
});
