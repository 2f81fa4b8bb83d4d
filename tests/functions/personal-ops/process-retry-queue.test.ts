import { asc, eq, sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { connect } from "#data/client.ts";
import { agentAuditLog, deadLetterJobs, incidents, retryJobs } from "#data/personal-ops/personal-ops-schema.ts";
import { insertRetryJob } from "#data/personal-ops/retry-jobs.ts";
import { notifications } from "#data/platform/notification-schema.ts";
import { jobRuns } from "#data/platform/platform-schema.ts";
import { jobs } from "#functions/index.ts";
import { processRetryQueue } from "#functions/personal-ops/process-retry-queue.ts";
import { addRetryJob, type RetryRequest } from "#services/personal-ops/add-retry-job.ts";
import type { RetryKind } from "#services/personal-ops/retry-handlers.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { lockWait } from "#support/lock-wait.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

const { url, db } = await openDatabase();
const clock = new TestClock();
const app = startProcess(url, jobs, { db, clock });
afterEach(() =>
  emptyTables(db, [
    "personal_ops.retry_jobs",
    "personal_ops.incidents",
    "personal_ops.agent_audit_log",
    "platform.job_runs",
    "platform.notifications",
    "platform.notification_deliveries",
  ]),
);

async function run() {
  const { id } = await app.enqueuer.enqueue(processRetryQueue, { input: {}, trigger: "event", requestedBy: "a test" });
  return (await app.runner.execute(id))!;
}
const add = <Kind extends RetryKind>(request: RetryRequest<Kind>) =>
  db.transaction((tx) => addRetryJob(tx, request, clock.now()));
const rows = () => db.select().from(retryJobs).orderBy(asc(retryJobs.id));
const runsOf = (jobId: string) => db.select().from(jobRuns).where(eq(jobRuns.jobId, jobId));
const like = (pattern: RegExp) => expect.stringMatching(pattern) as string;
const text = (title: string) => ({ recipient: "user:1", type: "note", severity: "SEV1", title, body: "" }) as const;

it("does a due job of each kind once, and completes it", async () => {
  await add({ kind: "send_notification", payload: text("Call back") });
  await add({ kind: "run_job", payload: { job: "cleanup_temp_files" } });
  expect(await run()).toMatchObject({ state: "succeeded", result: { completed: 2 } });
  expect(await run()).toMatchObject({ result: {} });
  expect(await rows()).toMatchObject([1, 2].map(() => ({ status: "completed", attempts: 1, finishedAt: clock.now() })));
  expect(await db.select().from(notifications)).toMatchObject([{ recipient: "user:1", title: "Call back" }]);
  expect(await runsOf("cleanup_temp_files")).toMatchObject([{ state: "queued" }]);
  expect(app.dispatched.map(({ jobId }) => jobId)).toContain("cleanup_temp_files");
});

it("a job that fails returns after 2, 4, 8 and 16 seconds, and is a dead letter with an alert after the fifth attempt", async () => {
  await db.transaction((tx) => insertRetryJob(tx, { kind: "of_a_newer_version", payload: { a: 1 } }, clock.now()));
  for (const [attempt, delayMs] of [2_000, 4_000, 8_000, 16_000].entries()) {
    expect(await run()).toMatchObject({ result: { postponed: 1 } });
    const [row] = await rows();
    expect(row).toMatchObject({
      status: "pending",
      attempts: attempt + 1,
      lastError: like(/no retry job of the kind/),
    });
    const waitsMs = row!.runAt.getTime() - clock.now().getTime();
    expect(waitsMs).toBeGreaterThanOrEqual(delayMs);
    expect(waitsMs).toBeLessThanOrEqual(delayMs * 1.1);
    clock.moveTo(new Date(row!.runAt.getTime() - 1));
    expect(await run(), "it is not due").toMatchObject({ result: {} });
    clock.moveTo(row!.runAt);
  }
  expect(await run()).toMatchObject({ result: { dead: 1 } });
  expect(await rows()).toMatchObject([{ status: "dead", attempts: 5 }]);
  expect(await db.select().from(deadLetterJobs)).toMatchObject([
    { kind: "of_a_newer_version", payload: { a: 1 }, attempts: 5, resolvedAt: null },
  ]);
  expect(await db.select().from(incidents)).toMatchObject([
    { type: "retry_job_dead", key: "of_a_newer_version", severity: "WARN", status: "open" },
  ]);
  expect(await db.select().from(notifications)).toMatchObject([
    { recipient: "user:owner", type: "personal_ops.retry_job_dead", severity: "WARN" },
  ]);
  expect(await run()).toMatchObject({ result: {} });
});

it("a job with bad input is a dead letter at once", async () => {
  await db.transaction((tx) => insertRetryJob(tx, { kind: "run_job", payload: { job: 7 } }, clock.now()));
  expect(await run()).toMatchObject({ result: { dead: 1 } });
  expect(await db.select().from(deadLetterJobs)).toMatchObject([{ attempts: 1, error: like(/payload\.job/) }]);
});

it("a bad payload is refused where it is added", async () => {
  await expect(add({ kind: "run_job", payload: { job: "" } })).rejects.toThrow(/payload\.job/);
  expect(await rows()).toEqual([]);
});

it("a second job with the dedupe key of an open one is not added, and is added after its end", async () => {
  const request = { kind: "send_notification", payload: text("Once"), dedupeKey: "1" } as const;
  expect([await add(request), await add(request)]).toEqual([expect.any(Number), null]);
  await run();
  expect(await add(request)).toEqual(expect.any(Number));
});

it("takes the ten oldest due jobs; a bad one among them does not stop the others", async () => {
  for (let n = 0; n < 12; n++) {
    await add({ kind: "send_notification", payload: text(`${n}`), runAt: new Date(clock.now().getTime() - n * 1_000) });
  }
  await db.execute(sql`update personal_ops.retry_jobs set kind = 'broken' where payload->>'title' = '9'`);
  expect(await run()).toMatchObject({ state: "succeeded", result: { completed: 9, postponed: 1 } });
  expect((await rows()).filter(({ attempts }) => attempts === 0).map(({ payload }) => payload.title)).toEqual([
    "0",
    "1",
  ]);
});

it("leaves a job alone that another process has locked", async () => {
  await add({ kind: "send_notification", payload: text("Locked") });
  await db.transaction(async (tx) => {
    await tx.execute(sql`select from personal_ops.retry_jobs for update`);
    expect(await run()).toMatchObject({ result: { "taken elsewhere": 1 } });
  });
  expect(await run()).toMatchObject({ result: { completed: 1 } });
});

it("work whose connection dies before the commit has not happened, and happens once", async () => {
  await add({ kind: "send_notification", payload: text("Once") });
  const other = connect({ url, poolMax: 2, idleMs: 60_000, tls: "disable", prepare: true });
  const dying = startProcess(url, jobs, { db: other, clock });
  const { id } = await dying.enqueuer.enqueue(processRetryQueue, {
    input: {},
    trigger: "event",
    requestedBy: "a test",
  });
  let running: Promise<unknown> = Promise.resolve();
  await db.transaction(async (tx) => {
    // The transaction of the row waits here, before it stores the notification.
    await tx.execute(sql`lock table platform.notifications in share mode`);
    running = dying.runner.execute(id);
    await lockWait(db, "%notifications%");
    await tx.execute(sql`
      select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and wait_event_type = 'Lock'`);
    // The process is dead: its lease is gone, and whatever it repeats is refused.
    await tx.execute(sql`update platform.job_runs set lease_holder = 'another' where id = ${id}`);
  });
  await running.catch(() => undefined);
  await other.$client.end({ timeout: 1 });
  expect(await db.select().from(notifications)).toEqual([]);
  expect(await rows()).toMatchObject([{ status: "pending", attempts: 0 }]);
  expect(await run()).toMatchObject({ result: { completed: 1 } });
  expect(await db.select().from(notifications)).toHaveLength(1);
});

it("the run is in the audit with its counts", async () => {
  await add({ kind: "send_notification", payload: text("Hello") });
  await run();
  expect(await db.select().from(agentAuditLog)).toMatchObject([
    { action: "process_retry_queue", success: true, output: { completed: 1 } },
  ]);
});
