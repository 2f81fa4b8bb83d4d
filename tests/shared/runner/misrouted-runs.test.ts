import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { findRun } from "#data/platform/job-runs.ts";
import { defineJob, event } from "#jobs";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { aRun } from "#support/factories.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const family = { id: "samples", title: "Samples" };
const job = (id: string) =>
  defineJob({
    id,
    family,
    summary: "A sample",
    on: event(),
    input: z.object({}),
    concurrency: () => null,
    run: async () => undefined,
  });
const [switchedOff, other] = [job("switched_off"), job("other_one")];

let database: TestDatabase;
let app: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
  app = startProcess(database.url, [switchedOff, other], { env: { SWITCHED_OFF_ENABLED: "false" } });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

it("a run whose message is in another job's queue is dispatched to its own, whatever stops that other job", async () => {
  const run = await aRun(app.db, { jobId: other.id, family: "samples", state: "queued" });
  expect(await app.runner.executeBatch(switchedOff, [run.id])).toEqual([]);
  expect(await findRun(app.db, run.id)).toMatchObject({ state: "queued" });
  expect(app.dispatched).toMatchObject([{ id: run.id, jobId: other.id }]);
  expect(await app.runner.executeBatch(other, [run.id])).toMatchObject([{ state: "succeeded" }]);
});

it("a run whose job this version does not have waits for a day and is skipped then", async () => {
  const queuedAt = app.clock.now();
  const run = await aRun(app.db, { jobId: "of_another_version", family: "samples", state: "queued", queuedAt });
  await app.runner.execute(run.id);
  expect(await findRun(app.db, run.id)).toMatchObject({ state: "queued" });
  app.clock.advance(86_400_000);
  await app.runner.execute(run.id);
  expect(await findRun(app.db, run.id)).toMatchObject({
    state: "skipped",
    reasonCode: "no-such-job",
    reason: "the app has had no job of_another_version for a day",
  });
  expect(app.log).toContainEqual(expect.objectContaining({ level: "error", message: "Skipped" }));
});
