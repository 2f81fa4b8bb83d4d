import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { listAudit } from "#data/platform/audit-log.ts";
import { changeControls, type Switches } from "#data/platform/controls.ts";
import { pause } from "#data/platform/pauses.ts";
import { comms, defineJob, event, type Job, manual, quietHours, writes } from "#jobs";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { createSignal } from "#support/signal.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const noon = new Date("2026-03-10T12:00:00Z");
const family = { id: "samples", title: "Samples" };

let database: TestDatabase;
let process: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  const { db, close } = startProcess(database.url, []);
  await emptyTables(db, ["platform.job_runs", "platform.audit_log", "platform.pauses"]);
  await db.execute(sql`update platform.controls set kill_switch = false, jobs_enabled = true, write_enabled = true, comms_enabled = true,
      quiet_from = null, quiet_to = null, quiet_zone = null`);
  await close();
});
afterEach(() => process.close());

/** A job that works until its signal, or until `leave` is reached. */
function longJob(options: Partial<Pick<Job, "gates" | "upkeep">> = {}) {
  const [entered, leave] = [createSignal(), createSignal()];
  const job = defineJob({
    id: "long_sample",
    family,
    summary: "A sample",
    on: manual,
    input: z.strictObject({}),
    async run({ signal }) {
      entered.reach();
      await Promise.race([
        leave.reached,
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            reject(signal.reason as Error);
          });
        }),
      ]);
    },
  });
  return { job: { ...job, ...options }, entered, leave };
}

async function begin({ job, entered }: ReturnType<typeof longJob>) {
  process = startProcess(database.url, [job], { heartbeatMs: 20 });
  const { id } = await process.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a test" });
  const ended = process.runner.execute(id);
  await entered.reached;
  return { id, ended };
}

const turn = (change: Partial<Switches>) =>
  process.db.transaction((tx) =>
    changeControls(tx, { scope: "all", change, who: "a test", reason: "to see it stop", now: noon }),
  );

it("the kill switch stops a running run, which waits with the reason and spends no attempt; it is audited", async () => {
  const { ended } = await begin(longJob());
  await turn({ killSwitch: true });
  expect(await ended).toMatchObject({
    state: "retrying",
    reasonCode: "kill-switch",
    reason: "Kill switch is active (all)",
    attempt: 1,
    maxAttempts: 5,
    errors: [],
    finishedAt: null,
  });
  expect(await listAudit(process.db, { action: "run stopped", limit: 10 })).toMatchObject([
    { subject: "job:long_sample", who: "gate", reason: "Kill switch is active (all)" },
  ]);
});

it.each([
  ["jobs-disabled", { jobsEnabled: false }, {}],
  ["write-disabled", { writeEnabled: false }, { gates: [writes] }],
  ["comms-disabled", { commsEnabled: false }, { gates: [comms] }],
] as const)("%s stops a run that needs what is switched off, and it waits", async (code, change, options) => {
  const { ended } = await begin(longJob(options));
  await turn(change);
  expect(await ended).toMatchObject({ state: "retrying", reasonCode: code, attempt: 1, maxAttempts: 5, errors: [] });
  expect(await listAudit(process.db, { action: "run stopped", limit: 10 })).toEqual([]);
});

it.each([
  ["a switch that the job does not need", { writeEnabled: false }, {}],
  ["jobs_enabled, when its job is an upkeep job", { jobsEnabled: false }, { upkeep: true }],
  ["quiet hours", { quietFrom: "00:00:00", quietTo: "23:59:00", quietZone: "UTC" }, { gates: [quietHours] }],
] as const)("a running run continues at %s", async (_, change, options) => {
  const long = longJob(options);
  const { id, ended } = await begin(long);
  await turn(change);
  await twoBeats(id);
  long.leave.reach();
  expect(await ended).toMatchObject({ state: "succeeded" });
});

it("a pause lets a running run continue, and hides no switch behind it", async () => {
  const long = longJob({ gates: [writes] });
  const { id, ended } = await begin(long);
  const entry = { scope: "all" as const, reason: "lunch", pausedBy: "a test", pausedAt: noon, until: null };
  await process.db.transaction((tx) => pause(tx, entry));
  await twoBeats(id);
  await turn({ writeEnabled: false });
  expect(await ended).toMatchObject({ state: "retrying", reasonCode: "write-disabled" });
});

it("a cancelled run ends with the reason of the person", async () => {
  const { id, ended } = await begin(longJob());
  await process.runner.cancel(id, { reason: "wrong file", who: "a test" });
  expect(await ended).toMatchObject({ state: "cancelled", reasonCode: "cancelled", reason: "wrong file" });
});

it("of a batch the cancelled run ends, and the others run again without spending an attempt", async () => {
  const entered = createSignal();
  const job = defineJob({
    id: "batch_sample",
    family,
    summary: "A sample",
    on: event({ batch: 10 }),
    input: z.strictObject({}),
    concurrency: () => null,
    async runBatch({ signal }) {
      entered.reach();
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reject(signal.reason as Error);
        });
      });
    },
  });
  process = startProcess(database.url, [job], { heartbeatMs: 20 });
  const request = { input: {}, trigger: "event", requestedBy: "a test" } as const;
  const [one, two] = [await process.enqueuer.enqueue(job, request), await process.enqueuer.enqueue(job, request)];
  const ended = process.runner.executeBatch(job, [one.id, two.id]);
  await entered.reached;
  await process.runner.cancel(one.id, { reason: "wrong file", who: "a test" });
  const states = new Map((await ended).map((run) => [run.id, run]));
  expect(states.get(one.id)).toMatchObject({ state: "cancelled", reason: "wrong file" });
  expect(states.get(two.id)).toMatchObject({ state: "retrying", maxAttempts: 5, errors: [] });
});

/** Waits until the run has been beaten for twice after this moment. */
async function twoBeats(id: string): Promise<void> {
  const beatenAt = async () => {
    const [row] = await process.db.execute<{ at: string }>(
      sql`select heartbeat_at::text as at from platform.job_runs where id = ${id}::uuid`,
    );
    return row!.at;
  };
  for (let beats = 0; beats < 2; beats++) {
    const before = await beatenAt();
    await expect.poll(beatenAt).not.toBe(before);
  }
}
