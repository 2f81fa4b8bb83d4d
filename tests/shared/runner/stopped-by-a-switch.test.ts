import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { listAudit } from "#data/platform/audit-log.ts";
import { findRun } from "#data/platform/job-runs.ts";
import { defineJob, event, type Job, type JobContext, manual, noRetries, writes } from "#jobs";
import { asError } from "#jobs/error-class.ts";
import { applyControls } from "#operations/controls-change.ts";
import { schedule } from "#schedule/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { createSignal } from "#support/signal.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { Log } from "#telemetry/log.ts";

type Work = (context: JobContext<Record<string, never>>) => Promise<Record<string, unknown> | void>;

const facts = {
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  input: z.strictObject({}),
  gates: [writes],
  retry: noRetries,
};
const jobOf = (work: Work) => defineJob({ ...facts, id: "sample", on: manual, run: work });

let database: TestDatabase;
let app: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
});
beforeEach(async () => {
  app = startProcess(database.url, []);
  await emptyTables(app.db, [
    "platform.job_runs",
    "platform.controls",
    "platform.pauses",
    "platform.audit_log",
    "platform.effects",
  ]);
  await app.close();
  return () => app.close();
});
afterAll(() => database.drop());

function start(...jobs: Job[]): void {
  app = startProcess(database.url, jobs, { heartbeatMs: 20 });
}

/** Turns switches, as the route of the controls does. */
async function turn(flags: Parameters<typeof applyControls>[1]["flags"], other: TestProcess = app): Promise<void> {
  const operator = { ...other, log: new Log(() => undefined) };
  const by = { families: ["samples"], who: "a test", reason: "a test" };
  await applyControls(operator, { scope: "all", flags }, by);
}
const read = (id: string) => findRun(app.db, id);
const asked = { input: {}, trigger: "event", requestedBy: "a test" } as const;
const waits = { state: "retrying", reasonCode: "write-disabled", errors: [], finishedAt: null };

/** Starts a process and a run of the job in it. @param entered reached by the work, which has begun then */
async function begin(job: Job, entered: { readonly reached: Promise<void> }) {
  start(job);
  const { id } = await app.enqueuer.enqueue(job, asked);
  const running = app.runner.execute(id);
  await entered.reached;
  return { id, running };
}

/** Resolves never, and rejects with the reason of the signal. */
function untilStopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });
}

it("a run that a switch stops waits without messages, also without attempts left, and starts when it opens", async () => {
  let entered = createSignal();
  let isStopped = true;
  const job = jobOf(async ({ signal }) => {
    entered.reach();
    if (isStopped) await untilStopped(signal);
  });
  start(job);
  const { id } = await app.enqueuer.enqueue(job, asked);
  for (let round = 1; round <= 5; round++) {
    entered = createSignal();
    const running = app.runner.execute(id);
    await entered.reached;
    await turn({ writeEnabled: false });
    expect(await running).toMatchObject({ ...waits, attempt: round, maxAttempts: round + 1 });
    app.dispatched.length = 0;
    expect(await app.runner.execute(id)).toBeUndefined();
    app.clock.advance(60_000);
    expect(await app.runner.dispatchOverdueRuns(), "the sweep leaves it alone").toBe(0);
    expect(app.dispatched, "no message returns while the switch is off").toEqual([]);
    await turn({ writeEnabled: true });
    expect(app.dispatched).toMatchObject([{ id }]);
  }
  isStopped = false;
  expect(await app.runner.execute(id)).toMatchObject({ state: "succeeded", attempt: 6, errors: [], reason: null });
});

it("a switch that opens before the attempt has stopped leaves no run waiting", async () => {
  const [entered, seen, leave] = [createSignal(), createSignal(), createSignal()];
  const job = jobOf(async ({ signal }) => {
    entered.reach();
    signal.addEventListener("abort", () => {
      seen.reach();
    });
    await leave.reached;
    signal.throwIfAborted();
  });
  const { id, running } = await begin(job, entered);
  await turn({ writeEnabled: false });
  await seen.reached;
  await turn({ writeEnabled: true });
  app.dispatched.length = 0;
  leave.reach();
  expect(await running).toMatchObject(waits);
  expect(app.dispatched).toMatchObject([{ id }]);
  expect(await app.runner.execute(id)).toMatchObject({ state: "succeeded", attempt: 2 });
});

it("a run that one process stops is continued by another one, and by nothing while the switch is off", async () => {
  const entered = createSignal();
  let starts = 0;
  const job = jobOf(async ({ signal }) => {
    entered.reach();
    if (++starts === 1) await untilStopped(signal);
  });
  const { id, running } = await begin(job, entered);
  const other = startProcess(database.url, [job], { clock: app.clock });
  await turn({ writeEnabled: false }, other);
  expect(await running).toMatchObject(waits);
  expect(await Promise.all([app.runner.execute(id), other.runner.execute(id)])).toEqual([undefined, undefined]);
  await turn({ writeEnabled: true }, other);
  const both = await Promise.all([app.runner.execute(id), other.runner.execute(id)]);
  expect(both.filter((run) => run?.state === "succeeded")).toHaveLength(1);
  expect(starts).toBe(2);
  await other.close();
});

it("work that ignores its signal is left behind: its run waits, and its late transaction does not commit", async () => {
  const [entered, leave] = [createSignal(), createSignal()];
  let late: Promise<unknown> = Promise.resolve();
  const job = jobOf(async ({ transaction }) => {
    entered.reach();
    await leave.reached;
    late = transaction((tx) => tx.execute("insert into platform.pauses values ('all', 'late', 'it', now(), null)"));
    await late;
  });
  const { running } = await begin(job, entered);
  await turn({ writeEnabled: false });
  expect(await running).toMatchObject(waits);
  leave.reach();
  await expect
    .poll(() =>
      late.then(
        () => "committed",
        (error: unknown) => asError(error).name,
      ),
    )
    .toBe("GateClosed");
  expect(await app.db.execute("select from platform.pauses")).toHaveLength(0);
});

it("all runs of a batch wait, and run together when the switch opens", async () => {
  const entered = createSignal();
  let isStopped = true;
  const job = defineJob({
    ...facts,
    id: "sample",
    on: event({ batch: 10 }),
    concurrency: () => null,
    async runBatch({ signal }) {
      entered.reach();
      if (isStopped) await untilStopped(signal);
    },
  });
  start(job);
  const runs = await app.enqueuer.enqueueMany(app.db, job, [asked, asked, asked]);
  const ids = runs.map(({ id }) => id);
  const running = app.runner.executeBatch(job, ids);
  await entered.reached;
  await turn({ writeEnabled: false });
  expect(await running).toMatchObject([waits, waits, waits]);
  isStopped = false;
  await turn({ writeEnabled: true });
  const again = await app.runner.executeBatch(job, ids);
  expect(again.map(({ state, attempt }) => [state, attempt])).toEqual([1, 2, 3].map(() => ["succeeded", 2]));
});

describe("work that must not happen twice", () => {
  it("a `finish` that the switch interrupts commits nothing, and once when it runs again", async () => {
    const entered = createSignal();
    let starts = 0;
    const job = jobOf(({ finish, signal }) =>
      finish(async (tx) => {
        starts += 1;
        await tx.execute(
          "insert into platform.effects (key, run_id, state, intended_at) values (gen_random_uuid(), gen_random_uuid(), 'done', now())",
        );
        entered.reach();
        if (starts === 1) await untilStopped(signal);
      }),
    );
    const { id, running } = await begin(job, entered);
    await turn({ writeEnabled: false });
    expect(await running).toMatchObject(waits);
    expect(await app.db.execute("select from platform.effects")).toHaveLength(0);
    await turn({ writeEnabled: true });
    expect(await app.runner.execute(id)).toMatchObject({ state: "succeeded", attempt: 2 });
    expect(await app.db.execute("select from platform.effects")).toHaveLength(1);
  });

  it("an effect that the stop prevented is made by the next attempt, and parks nothing", async () => {
    const entered = createSignal();
    let [starts, sent] = [0, 0];
    const job = jobOf(async ({ once, signal }) => {
      entered.reach();
      if (++starts === 1) await untilStopped(signal).catch(() => undefined);
      return { mail: await once("mail 7", async () => ++sent) };
    });
    const { id, running } = await begin(job, entered);
    await turn({ writeEnabled: false });
    expect(await running).toMatchObject(waits);
    expect(sent).toBe(0);
    await turn({ writeEnabled: true });
    expect(await app.runner.execute(id)).toMatchObject({ state: "succeeded", result: { mail: 1 } });
  });
});

it("a stopped slot keeps its instant, and the slots that the switch refuses are skipped", async () => {
  const entered = createSignal();
  let starts = 0;
  const slots: string[] = [];
  const job = defineJob({
    ...facts,
    id: "sample",
    on: schedule("0 0 * * * *", "UTC"),
    async run({ signal, asOf }) {
      entered.reach();
      if (++starts === 1) await untilStopped(signal);
      slots.push(asOf.toISOString());
    },
  });
  start(job);
  const slot = app.clock.now();
  const running = app.runner.runSlot(job, slot);
  await entered.reached;
  await turn({ writeEnabled: false });
  const stopped = (await running)!;
  expect(stopped).toMatchObject({ ...waits, scheduledFor: slot });
  app.clock.advance(3_600_000);
  const next = await app.runner.runSlot(job, app.clock.now());
  expect(next).toMatchObject({ state: "skipped", reasonCode: "write-disabled" });
  await turn({ writeEnabled: true });
  expect(await app.runner.execute(stopped.id)).toMatchObject({ state: "succeeded", attempt: 2, scheduledFor: slot });
  expect(slots).toEqual([slot.toISOString()]);
});

it("a process that dies while a switch stops its run spends no attempt, also when the switch is open again", async () => {
  const [entered, leave] = [createSignal(), createSignal()];
  const job = jobOf(async () => {
    entered.reach();
    await leave.reached;
  });
  const { id, running } = await begin(job, entered);
  await turn({ killSwitch: true });
  await expect.poll(async () => (await read(id))?.reasonCode).toBe("kill-switch");
  // The lease expires by the database's clock, as that of a process that died.
  await app.db.execute(
    "update platform.job_runs set lease_expires_at = now() - interval '1 minute', lease_holder = 'dead'",
  );
  await turn({ killSwitch: false });
  expect(await app.runner.rescueExpiredRuns()).toEqual({ retrying: 1, dead: 0 });
  expect(await read(id)).toMatchObject({ state: "retrying", reasonCode: "kill-switch", errors: [] });
  expect(await listAudit(app.db, { action: "run stopped", limit: 10 })).toMatchObject([
    { subject: "job:sample", reason: "Kill switch is active (all)" },
  ]);
  leave.reach();
  await running;
  expect(await app.runner.execute(id)).toMatchObject({ state: "succeeded", attempt: 2, maxAttempts: 2 });
});

it("a person can still cancel a run that a switch has stopped", async () => {
  const entered = createSignal();
  const job = jobOf(async ({ signal }) => {
    entered.reach();
    await untilStopped(signal);
  });
  const { id, running } = await begin(job, entered);
  await turn({ writeEnabled: false });
  await running;
  await app.runner.cancel(id, { reason: "wrong file", who: "a test" });
  expect(await read(id)).toMatchObject({ state: "cancelled", reason: "wrong file", reasonCode: "cancelled" });
});
