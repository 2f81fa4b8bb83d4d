import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { findRun } from "#data/platform/job-runs.ts";
import { defineJob, event, manual } from "#jobs";
import { applyControls } from "#operations/controls-change.ts";
import { pauseScope } from "#operations/pause-and-resume.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aRun } from "#support/factories.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { Log } from "#telemetry/log.ts";

const facts = { family: { id: "samples", title: "Samples" }, summary: "A sample", input: z.strictObject({}) };
const sample = defineJob({
  ...facts,
  id: "sample",
  concurrency: () => null,
  on: event({ batch: 100 }),
  runBatch: async () => undefined,
});
const hasty = defineJob({ ...facts, id: "hasty", on: manual, maxLateness: "10m", run: async () => undefined });
const upkeep = defineJob({ ...facts, id: "upkeep", on: manual, upkeep: true, run: async () => undefined });

let database: TestDatabase;
let app: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
});
beforeEach(async () => {
  app = startProcess(database.url, [sample, hasty, upkeep]);
  await emptyTables(app.db, ["platform.job_runs", "platform.controls", "platform.pauses", "platform.audit_log"]);
  return () => app.close();
});
afterAll(() => database.drop());

const asked = { input: {}, trigger: "event", requestedBy: "a test" } as const;
const operator = () => ({ ...app, log: new Log(() => undefined) });
const turn = (flags: Parameters<typeof applyControls>[1]["flags"]) =>
  applyControls(operator(), { scope: "all", flags }, { families: ["samples"], who: "a test", reason: "a test" });
const read = (id: string) => findRun(app.db, id);

it.each([
  [{ jobsEnabled: false }, { jobsEnabled: true }, "jobs-disabled"],
  [{ killSwitch: true }, { killSwitch: false }, "kill-switch"],
])("a waiting run under %j waits with the reason, spends no attempt and starts after %j", async (shut, open, code) => {
  const { id } = await app.enqueuer.enqueue(sample, asked);
  await turn(shut);
  app.dispatched.length = 0;
  expect(await app.runner.executeBatch(sample, [id])).toEqual([]);
  expect(await read(id)).toMatchObject({ state: "queued", attempt: 0, reasonCode: code });
  expect(app.dispatched, "no message returns while the switch is off").toEqual([]);
  app.clock.advance(60_000);
  expect(await app.runner.dispatchOverdueRuns(), "the sweep leaves it alone").toBe(0);
  await turn(open);
  expect(app.dispatched).toMatchObject([{ id }]);
  expect(await app.runner.executeBatch(sample, [id])).toMatchObject([{ state: "succeeded", attempt: 1, reason: null }]);
});

it("writes the reason of thousands of waiting runs once, and one audit row for each that the kill switch blocks", async () => {
  const runs = await app.enqueuer.enqueueMany(
    app.db,
    sample,
    Array.from({ length: 3_000 }, () => asked),
  );
  const ids = runs.map(({ id }) => id);
  await turn({ killSwitch: true });
  for (let n = 0; n < 3; n++) await app.runner.executeBatch(sample, ids);
  const [blocked] = await app.db.execute<{ audited: number }>(
    "select count(*)::integer as audited from platform.audit_log where action = 'run blocked'",
  );
  expect(blocked?.audited).toBe(3_000);
  app.dispatched.length = 0;
  await turn({ killSwitch: false });
  expect(new Set(app.dispatched.map(({ id }) => id))).toEqual(new Set(ids));
  expect(await app.runner.executeBatch(sample, ids)).toHaveLength(3_000);
});

it("skips a run that a person asks for while a switch is off, at once", async () => {
  await turn({ jobsEnabled: false });
  const request = { ...asked, trigger: "manual" } as const;
  expect(await app.enqueuer.enqueue(sample, request)).toMatchObject({ state: "skipped", reasonCode: "jobs-disabled" });
});

it("skips a run that waited for a switch for longer than its job allows", async () => {
  const { id } = await app.enqueuer.enqueue(hasty, asked);
  await turn({ jobsEnabled: false });
  await app.runner.execute(id);
  expect(await read(id)).toMatchObject({ state: "queued" });
  app.clock.advance(11 * 60_000);
  expect(await app.runner.dispatchOverdueRuns()).toBe(1);
  await app.runner.execute(id);
  expect(await read(id)).toMatchObject({ state: "skipped", reasonCode: "too-late" });
});

it("the sweep dispatches due runs of upkeep jobs while everything is paused", async () => {
  const [{ id }, waits] = [await app.enqueuer.enqueue(upkeep, asked), await app.enqueuer.enqueue(sample, asked)];
  await pauseScope(operator(), "all", { reason: "a test", who: "a test" });
  app.clock.advance(60_000);
  app.dispatched.length = 0;
  expect(await app.runner.dispatchOverdueRuns()).toBe(1);
  expect(app.dispatched).toMatchObject([{ id }]);
  expect(await read(waits.id)).toMatchObject({ state: "queued" });
});

it("a run whose process died after a person cancelled it ends cancelled, with the person's reason", async () => {
  const cancelRequestedAt = app.clock.now();
  const { id } = await aRun(app.db, {
    jobId: "sample",
    state: "running",
    leaseExpiresAt: new Date("2000-01-01"),
    cancelRequestedAt,
    reason: "the county withdrew its list",
  });
  await app.runner.rescueExpiredRuns();
  expect(await read(id)).toMatchObject({ state: "cancelled", reason: "the county withdrew its list" });
});
