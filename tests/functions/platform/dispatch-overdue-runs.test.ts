import { ServiceBusClient } from "@azure/service-bus";
import { startServiceBusEmulator } from "@rota/service-bus-emulator";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { changeControls } from "#data/platform/controls.ts";
import { findRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { dispatchOverdueRuns } from "#functions/platform/dispatch-overdue-runs.ts";
import { rescueStuckRuns } from "#functions/platform/rescue-stuck-runs.ts";
import { defineJob, manual } from "#jobs";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aRun } from "#support/factories.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const sample = defineJob({
  id: "sample",
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  on: manual,
  input: z.strictObject({}),
  run: async () => undefined,
});

let database: TestDatabase;
let app: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
});
beforeEach(async () => {
  app = startProcess(database.url, [dispatchOverdueRuns, rescueStuckRuns, sample]);
  await emptyTables(app.db, ["platform.job_runs", "platform.controls"]);
  return () => app.close();
});
afterAll(() => database.drop());

const asked = { input: {}, trigger: "manual", requestedBy: "a test" } as const;
const nextMinute = () => {
  app.clock.advance(60_000);
  return app.clock.now();
};

it("dispatches a run whose process died between commit and dispatch", async () => {
  const run = await app.db.transaction((tx) => app.enqueuer.enqueueIn(tx, sample, asked));
  expect(app.dispatched).toEqual([]);
  expect(await app.runner.runSlot(dispatchOverdueRuns, nextMinute())).toMatchObject({ result: { sent: 1 } });
  expect(app.dispatched).toMatchObject([{ id: run.id, jobId: "sample" }]);
});

it("dispatches a run whose message the broker has dead-lettered, because each process died before completing it", async () => {
  const bus = await startServiceBusEmulator({ queues: { "job-runs": { maxDeliveryCount: 2 } } });
  const client = new ServiceBusClient(bus.connectionString);
  onTestFinished(async () => {
    await client.close();
    await bus.stop();
  });
  const run = await app.db.transaction((tx) => app.enqueuer.enqueueIn(tx, sample, asked));
  await client.createSender("job-runs").sendMessages({ body: { run: run.id } });
  const receiver = client.createReceiver("job-runs");
  for (let delivery = 1; delivery <= 2; delivery++) {
    const [message] = await receiver.receiveMessages(1);
    await receiver.abandonMessage(message!);
  }
  expect(bus.counts("job-runs")).toMatchObject({ active: 0, locked: 0, deadLetter: 1 });

  await app.runner.runSlot(dispatchOverdueRuns, nextMinute());
  expect(app.dispatched).toMatchObject([{ id: run.id }]);
  expect(await app.runner.execute(run.id)).toMatchObject({ state: "succeeded", attempt: 1 });
});

describe("of a long backlog", () => {
  let runs: Run[];
  beforeEach(async () => {
    runs = [];
    for (let n = 0; n < 7; n++) runs.push(await aRun(app.db, { jobId: "sample", state: "queued" }));
    app.clock.advance(60_000);
  });
  const take = async (taken: readonly { id: string }[]) => {
    for (const { id } of taken) await app.runner.execute(id);
    return taken.length;
  };

  it("whose messages are all lost it dispatches as many more as are claimed", async () => {
    const rounds: number[] = [];
    const pause = async () => void rounds.push(await take(app.dispatched.splice(0)));
    expect(await app.runner.dispatchOverdueRuns({ limit: 3, pause })).toBe(7);
    expect(rounds, "at first it only looks").toEqual([0, 3, 3]);
    expect(app.dispatched).toHaveLength(1);
  });

  it("without any claim it dispatches no more", async () => {
    expect(await app.runner.dispatchOverdueRuns({ limit: 3, pause: async () => undefined })).toBe(3);
    expect(app.dispatched).toHaveLength(3);
  });

  it("that still moves it dispatches only overtaken runs", async () => {
    const [first, ...others] = runs;
    const pause = async () => void (await take(others));
    expect(await app.runner.dispatchOverdueRuns({ limit: 3, pause })).toBe(1);
    expect(app.dispatched).toMatchObject([{ id: first!.id }]);
  });
});

it("skips a run whose message may still arrive, and one that has ended", async () => {
  await aRun(app.db, { jobId: "sample", state: "succeeded" });
  app.clock.advance(60_000);
  await app.enqueuer.enqueue(sample, asked);
  expect(await app.runner.runSlot(dispatchOverdueRuns, app.clock.now())).toMatchObject({ result: { sent: 0 } });
});

it("a run with two messages executes once: the second message finds nothing to claim", async () => {
  const { id } = await app.enqueuer.enqueue(sample, asked);
  await app.runner.runSlot(dispatchOverdueRuns, nextMinute());
  await app.runner.runSlot(dispatchOverdueRuns, nextMinute());
  expect(app.dispatched.map((run) => run.id)).toEqual([id, id, id]);
  expect(await app.runner.execute(id)).toMatchObject({ state: "succeeded", attempt: 1 });
  expect(await app.runner.execute(id)).toBeUndefined();
});

it("runs like rescue_stuck_runs while jobs are turned off", async () => {
  const now = app.clock.now();
  await app.db.transaction((tx) =>
    changeControls(tx, { scope: "all", change: { jobsEnabled: false }, who: "a test", reason: "a test", now }),
  );
  const stuck = await aRun(app.db, {
    jobId: "sample",
    state: "running",
    leaseExpiresAt: new Date("2000-01-01"),
  });
  const waiting = await aRun(app.db, { jobId: "sample", state: "queued" });
  const slot = nextMinute();
  expect(await app.runner.runSlot(rescueStuckRuns, slot)).toMatchObject({
    state: "succeeded",
    result: { retrying: 1 },
  });
  expect(await findRun(app.db, stuck.id)).toMatchObject({ state: "retrying" });
  app.dispatched.length = 0;
  expect(await app.runner.runSlot(dispatchOverdueRuns, slot)).toMatchObject({ state: "succeeded" });
  expect(app.dispatched, "its run waits for the switch").toEqual([]);
  expect(await findRun(app.db, waiting.id)).toMatchObject({ state: "queued" });
});
