import { eq } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { jobRuns } from "#data/platform/platform-schema.ts";
import { defineJob, event, type JobContext, manual, noRetries } from "#jobs";
import { schedule } from "#schedule/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const family = { id: "samples", title: "Samples" };
const base = { family, summary: "a sample", input: z.strictObject({}), retry: noRetries };
let work: (context: JobContext<Record<string, never>>) => Promise<void>;
const sample = defineJob({
  ...base,
  id: "sample",
  on: manual,
  concurrency: () => null,
  run: (context) => work(context),
});
const tracked = defineJob({
  ...base,
  id: "tracked",
  on: manual,
  onTransition: async () => undefined,
  run: async () => undefined,
});
const hourly = defineJob({
  ...base,
  id: "hourly",
  on: schedule("0 0 * * * *", "UTC"),
  then: ["sample"],
  run: async () => undefined,
});
const batched = defineJob({
  ...base,
  id: "batched",
  on: event(),
  concurrency: () => null,
  runBatch: async ({ runs, transaction, publish }) =>
    transaction(async (tx) => {
      publish(
        tx,
        runs.map(({ id }) => ({ channel: "words", type: "word.said", data: id })),
      );
    }),
});

let database: TestDatabase;
let app: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
});
beforeEach(() => {
  app = startProcess(database.url, [sample, tracked, hourly, batched]);
  work = async () => undefined;
  return () => app.close();
});
afterAll(() => database.drop());

const asked = { input: {}, trigger: "manual", requestedBy: "a test" } as const;
const moves = () => app.observed.moves.map(({ jobId, state }) => `${jobId} ${state}`);
const said = () => app.observed.events.map(({ data }) => data);

it.each([sample, tracked])("the observer gets each state of a run once: $id", async (job) => {
  const { id } = await app.enqueuer.enqueue(job, asked);
  await app.runner.execute(id);
  expect(moves()).toEqual([`${job.id} queued`, `${job.id} running`, `${job.id} succeeded`]);
});

it("the observer gets the states of a slot, and of the chain after its success", async () => {
  await app.runner.runSlot(hourly, app.clock.now());
  expect(moves()).toEqual(["hourly running", "hourly succeeded", "sample queued"]);
});

it("the observer gets nothing of a run whose transaction rolled back", async () => {
  const undone = app.db.transaction(async (tx) => {
    await app.enqueuer.enqueueIn(tx, sample, asked);
    await app.enqueuer.enqueueMany(tx, batched, [asked, asked]);
    throw new Error("no");
  });
  await expect(undone).rejects.toThrow("no");
  expect(moves()).toEqual([]);
});

it("the observer gets the cancel of a run", async () => {
  const { id } = await app.enqueuer.enqueue(sample, asked);
  await app.runner.cancel(id, { reason: "a test", who: "a test" });
  expect(moves()).toEqual(["sample queued", "sample cancelled"]);
});

it("events of a job are published after its transaction has committed, and not before", async () => {
  let before: unknown[] = [];
  work = ({ transaction, publish }) =>
    transaction(async (tx) => {
      publish(tx, [{ channel: "words", type: "word.said", data: "hello" }]);
      before = said();
    });
  const { id } = await app.enqueuer.enqueue(sample, asked);
  expect(await app.runner.execute(id)).toMatchObject({ state: "succeeded" });
  expect([before, said()]).toEqual([[], ["hello"]]);
});

it.each([
  ["that throws", async () => Promise.reject(new Error("it failed"))],
  [
    "of a run that another process holds",
    (id: string) => app.db.update(jobRuns).set({ leaseHolder: "another" }).where(eq(jobRuns.id, id)),
  ],
])("a transaction %s publishes nothing", async (_, what) => {
  work = async ({ transaction, publish, run }) => {
    await transaction(async (tx) => {
      publish(tx, [{ channel: "words", type: "word.said", data: "never" }]);
      await what(run.id);
    });
  };
  const { id } = await app.enqueuer.enqueue(sample, asked);
  await app.runner.execute(id);
  expect(moves()).not.toContain("sample succeeded");
  expect(said()).toEqual([]);
});

it("finish publishes the events and the end of the run together", async () => {
  work = async ({ finish, publish }) => {
    await finish(async (tx) => {
      publish(tx, [{ channel: "words", type: "word.said", data: "done" }]);
    });
  };
  const { id } = await app.enqueuer.enqueue(sample, asked);
  await app.runner.execute(id);
  expect([moves().at(-1), said()]).toEqual(["sample succeeded", ["done"]]);
});

it("a batch reports the states of all its runs, and publishes its events", async () => {
  const runs = await app.enqueuer.enqueueMany(app.db, batched, [asked, asked]);
  const ids = runs.map(({ id }) => id);
  await app.runner.executeBatch(batched, ids);
  expect(moves()).toEqual(
    ["queued", "queued", "running", "running", "succeeded", "succeeded"].map((s) => `batched ${s}`),
  );
  expect(new Set(said())).toEqual(new Set(ids));
});
