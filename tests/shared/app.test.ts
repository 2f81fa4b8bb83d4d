import { startServiceBusEmulator } from "@rota/service-bus-emulator";
import { sql } from "drizzle-orm";
import { expect, it, vi } from "vitest";
import { z } from "zod";
import { openApp } from "#app";
import { findRun } from "#data/platform/job-runs.ts";
import { notifications } from "#data/platform/notification-schema.ts";
import { defineJob, manual } from "#jobs";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { openDatabase } from "#support/database.ts";
import { TestClock } from "#support/test-clock.ts";

/** Any number: the test and its job mean the same lock. */
const LOCK = 4_711;

/** One statement outside any transaction, which ends when the test lets go of the lock. */
const longStatement = defineJob({
  id: "long_statement",
  family: { id: "samples", title: "Samples" },
  summary: "Wait in the database",
  on: manual,
  input: z.strictObject({}),
  async run({ db }) {
    await db.execute(sql`select pg_advisory_lock(${LOCK})::text`);
  },
});

const { url, db } = await openDatabase({ poolMax: 1 });

it("keeps a run's lease while the job's own statement takes the only connection of the pool", async () => {
  const env = { DATABASE_URL: url, DATABASE_POOL_MAX: "1", JOB_LEASE: "60s", JOB_HEARTBEAT: "50ms" };
  const app = openApp(readConfig(env, [longStatement]), catalogueOf([longStatement]), { sink: () => undefined });
  await db.execute(sql`select pg_advisory_lock(${LOCK})::text`);
  try {
    const run = await app.enqueuer.enqueue(longStatement, { input: {}, trigger: "manual", requestedBy: "a test" });
    const beatenAt = async () => (await findRun(db, run.id))?.heartbeatAt?.getTime() ?? 0;
    const first = await vi.waitUntil(beatenAt, { timeout: 60_000 });
    await vi.waitUntil(async () => (await beatenAt()) > first, { timeout: 60_000 });
    await db.execute(sql`select pg_advisory_unlock(${LOCK})`);
    await vi.waitUntil(async () => (await findRun(db, run.id))?.state === "succeeded", { timeout: 60_000 });
    expect(await findRun(db, run.id)).toMatchObject({ state: "succeeded", attempt: 1 });
  } finally {
    await app.close();
  }
});

it("executes requested runs in the process while no message of their queue arrives, and notifies the operators", async () => {
  const bus = await startServiceBusEmulator({ queues: { "job-runs": {} } });
  const quick = defineJob({
    id: "quick",
    family: { id: "samples", title: "Samples" },
    summary: "Return",
    on: manual,
    input: z.strictObject({}),
    run: async () => undefined,
  });
  const env = { DATABASE_URL: url, SERVICE_BUS: bus.connectionString };
  const clock = new TestClock();
  const app = openApp(readConfig(env, [quick]), catalogueOf([quick]), { clock, sink: () => undefined });
  try {
    const run = await app.enqueuer.enqueue(quick, { input: {}, trigger: "manual", requestedBy: "a test" });
    for (let minute = 0; minute < 5; minute++) {
      clock.advance(60_000);
      await app.runner.dispatchOverdueRuns();
    }
    await vi.waitUntil(async () => (await findRun(db, run.id))?.state === "succeeded", { timeout: 60_000 });
    expect(await app.delivery!.undelivered()).toMatchObject([{ queue: "job-runs", run: run.id }]);
    await vi.waitUntil(async () => (await db.select().from(notifications)).length === 1, { timeout: 60_000 });
  } finally {
    await app.close(0);
    await bus.stop();
  }
});
