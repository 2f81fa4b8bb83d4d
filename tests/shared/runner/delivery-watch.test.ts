import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { z } from "zod";
import { defineJob, event, manual } from "#jobs";
import { pauseScope } from "#operations/pause-and-resume.ts";
import { DeliveryWatch, type UndeliveredQueue } from "#runner/delivery-watch.ts";
import type { DispatchedRun } from "#runner/dependencies.ts";
import { Runner } from "#runner/runner.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aRun } from "#support/factories.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { Log } from "#telemetry/log.ts";

const facts = { family: { id: "samples", title: "Samples" }, summary: "A sample", input: z.strictObject({}) };
const sample = defineJob({ ...facts, id: "sample", on: manual, concurrency: () => null, run: async () => undefined });
const other = defineJob({ ...facts, id: "other", on: event(), concurrency: () => null, run: async () => undefined });
const single = defineJob({ ...facts, id: "single", on: manual, concurrency: () => "one", run: async () => undefined });
const QUEUES: Record<string, string> = { other: "other" };
const MINUTE = 60_000;

let database: TestDatabase;
let app: TestProcess;
let watch: DeliveryWatch;
let alerts: UndeliveredQueue[];
beforeAll(async () => {
  database = await migratedDatabase();
});
beforeEach(async () => {
  app = startProcess(database.url, [sample, other, single]);
  alerts = [];
  watch = new DeliveryWatch(app.dependencies, {
    queueOf: (jobId) => QUEUES[jobId] ?? "job-runs",
    alert: async (undelivered) => void alerts.push(undelivered),
    elapsed: () => app.clock.now().getTime(),
  });
  await emptyTables(app.db, ["platform.job_runs", "platform.controls", "platform.pauses", "platform.audit_log"]);
  return () => app.close();
});
afterAll(() => database.drop());

const asked = { input: {}, trigger: "event", requestedBy: "a test" } as const;

/** Lets minutes pass, and asks at the end of each, as the sweep does. */
async function minutes(count: number): Promise<UndeliveredQueue[]> {
  let undelivered: UndeliveredQueue[] = [];
  for (let n = 0; n < count; n++) {
    app.clock.advance(MINUTE);
    undelivered = await watch.undelivered();
  }
  return undelivered;
}

it("a queue whose due run no process takes for minutes does not deliver: log and alert have it once", async () => {
  const { id, notBefore } = await app.enqueuer.enqueue(sample, asked);
  expect(await minutes(3), "it may only have become able to start").toEqual([]);
  expect(await minutes(3)).toMatchObject([{ queue: "job-runs", run: id, jobId: "sample", dueAt: notBefore }]);
  expect(alerts).toMatchObject([{ queue: "job-runs", run: id }]);
  expect(app.log.filter(({ level }) => level === "error")).toMatchObject([
    { message: expect.stringContaining(`The queue job-runs does not deliver: run ${id} was due`) as unknown },
  ]);
  await watch.during("job-runs", () => app.runner.execute(id));
  expect(await minutes(1)).toEqual([]);
  expect(app.log.map(({ message }) => message)).toContain("The queue job-runs delivers again");
});

it("each queue is judged by its own messages", async () => {
  await app.enqueuer.enqueue(sample, asked);
  const { id } = await app.enqueuer.enqueue(other, asked);
  for (let n = 0; n < 6; n++) {
    await watch.during("job-runs", async () => undefined);
    await minutes(1);
  }
  expect(await watch.undelivered()).toMatchObject([{ queue: "other", run: id }]);
});

it("a queue delivers while its messages are in work, however long that takes", async () => {
  await app.enqueuer.enqueue(sample, asked);
  const end = Promise.withResolvers<void>();
  const work = watch.during("job-runs", () => end.promise);
  expect(await minutes(10)).toEqual([]);
  end.resolve();
  await work;
});

it("a queue delivers while another process executes its runs", async () => {
  await app.enqueuer.enqueue(sample, asked);
  await aRun(app.db, { jobId: "sample", trigger: "event", state: "running" });
  expect(await minutes(10)).toEqual([]);
});

it("runs that this process executes without a message prove nothing", async () => {
  const { id } = await app.enqueuer.enqueue(sample, asked);
  await aRun(app.db, { jobId: "sample", trigger: "event", state: "running", leaseHolder: app.dependencies.holder });
  expect(await minutes(6)).toMatchObject([{ run: id }]);
});

it("the sweep executes runs of a queue that does not deliver, until a message of it arrives", async () => {
  const executed: DispatchedRun[] = [];
  const runner = new Runner({
    ...app.dependencies,
    checkDelivery: () => watch.check(),
    executeUndelivered: async (runs) => {
      executed.push(...runs.filter(({ jobId }) => watch.isUndelivered(jobId)));
    },
  });
  /** The sweep of each minute. @returns the runs that it executes here */
  const sweeps = async (count: number) => {
    executed.length = 0;
    for (let n = 0; n < count; n++) {
      app.clock.advance(MINUTE);
      await runner.dispatchOverdueRuns();
    }
    return executed.map(({ id }) => id);
  };
  const first = await app.enqueuer.enqueue(sample, asked);
  expect(await sweeps(3)).toEqual([]);
  expect(await sweeps(2)).toContain(first.id);
  await app.runner.execute(first.id);

  const second = await app.enqueuer.enqueue(sample, asked);
  expect(await sweeps(1), "the queue still does not deliver").toEqual([second.id]);
  await app.runner.execute(second.id);
  app.dispatched.length = 0;
  expect(await sweeps(10)).toEqual([]);
  expect(app.dispatched.filter(({ id }) => id === first.id).length, "messages that may arrive").toBe(10);
  expect(alerts).toHaveLength(1);

  await watch.during("job-runs", async () => undefined);
  await app.enqueuer.enqueue(sample, asked);
  expect(await sweeps(1)).toEqual([]);
});

it("a scheduled run that is running proves nothing, because no message started it", async () => {
  await app.enqueuer.enqueue(sample, asked);
  await aRun(app.db, { jobId: "sample", trigger: "schedule", scheduledFor: app.clock.now(), state: "running" });
  expect(await minutes(6)).toHaveLength(1);
});

it("runs that a pause or their concurrency key holds prove nothing", async () => {
  await app.enqueuer.enqueue(other, asked);
  await pauseScope({ ...app, log: new Log(() => undefined) }, "job:other", { reason: "a test", who: "a test" });
  await aRun(app.db, { jobId: "single", trigger: "schedule", state: "running", concurrencyKey: "one" });
  await app.enqueuer.enqueue(single, asked);
  expect(await minutes(10)).toEqual([]);
});

it("the sweep checks it", async () => {
  const checkDelivery = vi.fn(async () => undefined);
  await new Runner({ ...app.dependencies, checkDelivery }).dispatchOverdueRuns();
  expect(checkDelivery).toHaveBeenCalledOnce();
});
