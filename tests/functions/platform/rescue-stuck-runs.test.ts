import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { findRun } from "#data/platform/job-runs.ts";
import { rescueStuckRuns } from "#functions/platform/rescue-stuck-runs.ts";
import { defineJob, type Job, linear, manual } from "#jobs";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const common = {
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  on: manual,
  input: z.strictObject({}),
  retry: linear({ retries: 2, delay: "1s" }),
  run: async () => undefined,
} as const;
const sample = defineJob({ ...common, id: "sample" });

let database: TestDatabase;
const processes: TestProcess[] = [];
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
afterEach(async () => {
  if (processes[0]) await emptyTables(processes[0].db, ["platform.job_runs"]);
  await Promise.all(processes.splice(0).map(({ close }) => close()));
});

function start(...jobs: Job[]): TestProcess {
  const process = startProcess(database.url, [rescueStuckRuns, ...jobs]);
  processes.push(process);
  return process;
}

/** A run that a killed process has left. */
async function abandoned({ db, runner }: TestProcess, job: Job): Promise<string> {
  const { id } = await runner.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a test" });
  await db.execute(sql`
    update platform.job_runs set state = 'running', attempt = 1, started_at = queued_at, lease_holder = 'killed',
           lease_expires_at = now() - interval '1 minute' where id = ${id}`);
  return id;
}

it("the next run continues when a rescuer was killed", async () => {
  const process = start(sample);
  const rescuer = await abandoned(process, rescueStuckRuns);
  const other = await abandoned(process, sample);
  process.clock.advance(60_000);
  const slot = process.clock.now();
  expect(await process.runner.runSlot(rescueStuckRuns, slot)).toMatchObject({
    state: "succeeded",
    result: { retrying: 2, dead: 0 },
  });
  expect(await findRun(process.db, rescuer)).toMatchObject({ state: "retrying" });
  expect(await findRun(process.db, other)).toMatchObject({ state: "retrying" });
});

it("rescues the other runs when a hook of one job fails", async () => {
  const broken = defineJob({
    ...common,
    id: "broken_tracking",
    onTransition: async (_, run) => {
      if (run.state === "retrying") throw new Error("no such table");
    },
  });
  const process = start(sample, broken);
  const stays = await abandoned(process, broken);
  const other = await abandoned(process, sample);
  expect(await process.runner.rescueExpiredRuns()).toEqual({ retrying: 1, dead: 0 });
  expect(await findRun(process.db, other)).toMatchObject({ state: "retrying" });
  expect(await findRun(process.db, stays)).toMatchObject({ state: "running", leaseHolder: "killed" });
  expect(process.log).toContainEqual(
    expect.objectContaining({ level: "error", message: expect.stringMatching(/Rescuing a run failed/) as string }),
  );
});
