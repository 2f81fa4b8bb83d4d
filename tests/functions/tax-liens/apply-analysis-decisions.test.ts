import { asc, eq, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { deals } from "#data/tax-liens/analysis-run-schema.ts";
import { decisionEvents } from "#data/tax-liens/decision-schema.ts";
import { applyAnalysisDecisions } from "#functions/tax-liens/apply-analysis-decisions.ts";
import type { GivenDecision } from "#rules/tax-liens/deal-decisions.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { addDeals } from "#support/deals.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { lockWait } from "#support/lock-wait.ts";
import { startProgram } from "#support/program.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { unchecked } from "#support/unchecked.ts";

const CHILD = new URL("./apply-analysis-decisions.child.ts", import.meta.url);
let database: TestDatabase;
let app: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
  app = startProcess(database.url, [applyAnalysisDecisions]);
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
afterEach(async () => {
  app.dispatched.length = 0;
  await emptyTables(app.db, [
    "platform.job_runs",
    "tax_liens.decision_events",
    "tax_liens.deals",
    "tax_liens.analysis_runs",
    "tax_liens.counties",
  ]);
});

let count = 0;
const decision = (dealId: number, to: GivenDecision["decision"], given: Partial<GivenDecision> = {}) => ({
  decisionId: `d-${++count}`,
  dealId,
  decision: to,
  reason: "looks good",
  decidedBy: "user" as const,
  ...given,
});
const ask = async (analysisRunId: string, decisions: readonly GivenDecision[]) =>
  (
    await app.enqueuer.enqueue(unchecked(applyAnalysisDecisions), {
      input: { analysisRunId, decisions },
      trigger: "event",
      requestedBy: "a test",
    })
  ).id;
const apply = async (analysisRunId: string, decisions: readonly GivenDecision[]) =>
  (await app.runner.execute(await ask(analysisRunId, decisions)))!;
const statuses = async (analysisRunId: string) =>
  (await app.db.select().from(deals).where(eq(deals.analysisRunId, analysisRunId)).orderBy(asc(deals.rank))).map(
    ({ status }) => status,
  );
const events = async () => app.db.select().from(decisionEvents).orderBy(asc(decisionEvents.id));

it("applies decisions in their order, and records each with its result", async () => {
  const { analysisRunId, dealIds } = await addDeals(app.db, ["candidate", "candidate", "purchased"]);
  const [first, second, third] = dealIds as [number, number, number];
  const run = await apply(analysisRunId, [
    decision(first, "watchlist"),
    decision(first, "approved", { decidedBy: "agent", reason: "scores 91" }),
    decision(second, "rejected"),
    decision(third, "redeemed"),
  ]);
  const counts = { applied: 4, refused: 0, repeated: 0, conflicting: 0 };
  expect(run).toMatchObject({ state: "succeeded", result: counts, itemFailureCount: 0 });
  expect(await statuses(analysisRunId)).toEqual(["approved", "rejected", "redeemed"]);
  expect(await events()).toMatchObject([
    { dealId: first, fromStatus: "candidate", decision: "watchlist", refusal: null, runId: run.id, position: 0 },
    { dealId: first, fromStatus: "watchlist", decision: "approved", decidedBy: "agent", reason: "scores 91" },
    { dealId: second, fromStatus: "candidate", decision: "rejected", requestedBy: "a test" },
    { dealId: third, fromStatus: "purchased", decision: "redeemed", position: 3 },
  ]);
});

it("records an impossible decision as refused with its reason, changes nothing, and applies the others", async () => {
  const { analysisRunId, dealIds } = await addDeals(app.db, ["candidate", "rejected", "candidate"]);
  const other = await addDeals(app.db, ["candidate"]);
  const [first, second, third] = dealIds as [number, number, number];
  const run = await apply(analysisRunId, [
    decision(first, "purchased", { decisionId: "too early" }),
    decision(second, "approved", { decisionId: "too late" }),
    decision(9_999_999, "approved", { decisionId: "of nothing" }),
    decision(other.dealIds[0]!, "approved", { decisionId: "of another analysis" }),
    decision(third, "approved", { decisionId: "yes" }),
    decision(third, "rejected", { decisionId: "and no" }),
  ]);
  expect(run.result).toEqual({ applied: 1, refused: 5, repeated: 0, conflicting: 0 });
  const reasons = {
    "too early": "a deal that is candidate can become approved, rejected, watchlist, not purchased",
    "too late": "the deal is rejected, which is final",
    "of nothing": "there is no deal 9999999 in this analysis",
    "of another analysis": `there is no deal ${other.dealIds[0]} in this analysis`,
    "and no": "a deal that is approved can become purchased, withdrawn, not rejected",
  };
  expect(Object.fromEntries(run.itemFailures!.map(({ key, reason }) => [key, reason]))).toEqual(reasons);
  const refused = (await events()).filter(({ refusal }) => refusal !== null);
  expect(Object.fromEntries(refused.map(({ decisionId, refusal }) => [decisionId, refusal]))).toEqual(reasons);
  expect(await statuses(analysisRunId)).toEqual(["candidate", "rejected", "approved"]);
  expect(await statuses(other.analysisRunId)).toEqual(["candidate"]);
});

it("applies a repeated decision once, and refuses a different one with the same id", async () => {
  const { analysisRunId, dealIds } = await addDeals(app.db, ["candidate", "candidate"]);
  const [first, second] = dealIds as [number, number];
  const approved = decision(first, "approved", { decisionId: "mine" });
  await apply(analysisRunId, [approved]);
  const run = await apply(analysisRunId, [
    approved,
    { ...approved, dealId: second },
    decision(second, "watchlist", { decisionId: "twice" }),
    decision(second, "watchlist", { decisionId: "twice" }),
  ]);
  expect(run.result).toEqual({ applied: 1, refused: 0, repeated: 2, conflicting: 1 });
  expect(run.itemFailures).toMatchObject([
    { key: "mine", reason: `mine was given before with dealId ${first}; another decision needs another id` },
  ]);
  expect(await statuses(analysisRunId)).toEqual(["approved", "watchlist"]);
  expect(await events()).toHaveLength(2);
});

it("of many concurrent decisions about one deal, one applies and the others are refused with the reason", async () => {
  const { analysisRunId, dealIds } = await addDeals(app.db, ["candidate"]);
  const sides = ["approved", "rejected"] as const;
  const ids: string[] = [];
  for (let n = 0; n < 8; n++) ids.push(await ask(analysisRunId, [decision(dealIds[0]!, sides[n % 2]!)]));
  const runs = await Promise.all(ids.map((id) => app.runner.execute(id)));
  expect(runs.map((run) => run?.state)).toEqual(ids.map(() => "succeeded"));
  const recorded = await events();
  const taken = recorded.filter(({ refusal }) => refusal === null);
  expect([recorded.length, taken.length]).toEqual([8, 1]);
  expect(await statuses(analysisRunId)).toEqual([taken[0]!.decision]);
});

it("applies one id in one of many concurrent runs, and none of them fails", async () => {
  const { analysisRunId, dealIds } = await addDeals(
    app.db,
    Array.from({ length: 6 }, () => "candidate" as const),
  );
  const ids: string[] = [];
  for (const dealId of dealIds) {
    ids.push(await ask(analysisRunId, [decision(dealId, "approved", { decisionId: "the same" })]));
  }
  let waiting = ids;
  while (waiting.length > 0) {
    const runs = await Promise.all(waiting.map((id) => app.runner.execute(id)));
    waiting = runs.flatMap((run) => (run?.state === "retrying" ? [run.id] : []));
    app.clock.advance(3_600_000);
  }
  expect((await statuses(analysisRunId)).filter((status) => status === "approved")).toHaveLength(1);
  const rows = await app.db.execute<{ state: string; result: { applied: number; conflicting: number } }>(
    sql`select state, result from platform.job_runs`,
  );
  expect(rows.map(({ state, result }) => `${state} ${result.applied} ${result.conflicting}`).toSorted()).toEqual([
    ...Array.from({ length: 5 }, () => "succeeded 0 1"),
    "succeeded 1 0",
  ]);
});

it("an unknown analysis fails the run without a retry", async () => {
  const run = await apply("01a20252-6417-76d3-9a6d-062b59e45fe5", [decision(1, "approved")]);
  expect(run).toMatchObject({ state: "dead", attempt: 1, errors: [{ class: "validation" }] });
  expect(run.errors[0]?.message).toContain("there is no analysis 01a20252");
});

it("after kill -9 between two batches, the next attempt applies each decision once, and reports all", async () => {
  const { analysisRunId, dealIds } = await addDeals(app.db, ["candidate", "candidate", "candidate"]);
  const [first, second, third] = dealIds as [number, number, number];
  const runId = await ask(analysisRunId, [
    decision(first, "approved"),
    ...Array.from({ length: 248 }, (_, n) => decision(9_000_000 + n, "approved")),
    decision(second, "watchlist"),
    // The second batch.
    decision(first, "purchased"),
    decision(third, "approved"),
  ]);
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`select from tax_liens.deals where id = ${third} for update`);
    const child = startProgram(CHILD, [database.url, app.clock.now().toISOString(), runId]);
    await lockWait(app.db, '%"deals"%');
    await child.kill();
  });
  expect(await statuses(analysisRunId)).toEqual(["approved", "watchlist", "candidate"]);
  expect(await events()).toHaveLength(250);

  await app.db.execute(sql`update platform.job_runs set lease_expires_at = now() - interval '1s'`);
  expect(await app.runner.rescueExpiredRuns()).toMatchObject({ retrying: 1 });
  app.clock.advance(3_600_000);
  expect(await app.runner.execute(runId)).toMatchObject({
    state: "succeeded",
    attempt: 2,
    itemFailureCount: 248,
    result: { applied: 4, refused: 248, repeated: 0, conflicting: 0 },
  });
  expect(await statuses(analysisRunId)).toEqual(["purchased", "watchlist", "approved"]);
  expect(await events()).toHaveLength(252);
});
