import { randomUUID } from "node:crypto";
import { eq, sql } from "drizzle-orm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { connect, type Db } from "#data/client.ts";
import { jobRuns, type Progress, type Run } from "#data/platform/platform-schema.ts";
import { CancelRequested, LeaseLost } from "#jobs/endings.ts";
import type { RunObserver } from "#jobs/run-observer.ts";
import { Heartbeat } from "#runner/heartbeat.ts";
import type { HeldRun } from "#runner/held-run.ts";
import { openDatabase } from "#support/database.ts";
import { createSignal } from "#support/signal.ts";
import { Log, type LogEntry } from "#telemetry/log.ts";

const { db } = await openDatabase();
const started: { heartbeat: Heartbeat; runs: HeldRun[] }[] = [];

afterEach(() => {
  for (const { heartbeat, runs } of started.splice(0)) for (const run of runs) heartbeat.forget(run);
});

/** A held run whose work reports what the test says. */
interface ReportingRun extends HeldRun {
  reports: Progress | null;
}

function reporting(run: Omit<HeldRun, "progress" | "abort">): ReportingRun {
  const reporter: ReportingRun = {
    ...run,
    reports: null,
    progress: () => reporter.reports,
    abort: new AbortController(),
  };
  return reporter;
}

/** A run in the ledger that `me` holds. */
async function heldRun({ attempt = 1 } = {}): Promise<ReportingRun> {
  const id = randomUUID();
  const [jobId, family] = [`job_${id}`, "samples"];
  const at = new Date();
  await db.insert(jobRuns).values({
    id,
    jobId,
    family,
    trigger: "manual",
    state: "running",
    input: {},
    attempt,
    maxAttempts: 9,
    queuedAt: at,
    startedAt: at,
    leaseHolder: "me",
    leaseExpiresAt: at,
    correlationId: id,
  });
  return reporting({ id, jobId, family, attempt, holder: "me" });
}

function start(
  runs: HeldRun[],
  options: { db?: Db; elapsed?: () => number; everyMs?: number; onProgress?: RunObserver["progressed"] } = {},
) {
  const log: LogEntry[] = [];
  const heartbeat = new Heartbeat(options.db ?? db, {
    leaseMs: 60_000,
    everyMs: options.everyMs ?? 3_600_000,
    log: new Log((entry) => log.push(entry)),
    ...(options.elapsed && { elapsed: options.elapsed }),
    onProgress: options.onProgress,
  });
  for (const run of runs) heartbeat.watch(run);
  started.push({ heartbeat, runs });
  return { heartbeat, log };
}

const rowOf = async ({ id }: HeldRun) => (await db.select().from(jobRuns).where(eq(jobRuns.id, id)))[0] as Run;

describe("a beat", () => {
  it("reports progress that it has stored, each report once, and none of a run that it has lost", async () => {
    const [kept, lost] = [await heldRun(), await heldRun()];
    await db.update(jobRuns).set({ leaseHolder: "another" }).where(eq(jobRuns.id, lost.id));
    const reported: [string, number][] = [];
    const { heartbeat } = start([kept, lost], {
      onProgress: (all) =>
        reported.push(...all.map(({ run, progress }) => [run.jobId, progress.done] as [string, number])),
    });
    await heartbeat.beat();
    kept.reports = lost.reports = { done: 1 };
    await heartbeat.beat();
    await heartbeat.beat();
    kept.reports = { done: 2 };
    await heartbeat.beat();
    expect(reported).toEqual([
      [kept.jobId, 1],
      [kept.jobId, 2],
    ]);
  });

  it("renews every lease and stores the progress of each run", async () => {
    const runs = await Promise.all([heldRun(), heldRun(), heldRun()]);
    runs.forEach((run, n) => (run.reports = { done: n, total: 3 }));
    await start(runs).heartbeat.beat();
    for (const [n, run] of runs.entries()) {
      const row = await rowOf(run);
      expect(row.leaseExpiresAt?.getTime()).toBeGreaterThan(Date.now() + 30_000);
      expect(row.progress).toEqual({ done: n, total: 3 });
      expect(run.abort.signal.aborted).toBe(false);
    }
  });

  it("renews all leases when the progress of one run cannot be stored", async () => {
    const [noisy, quiet] = [await heldRun(), await heldRun()];
    noisy.reports = { done: 3n, note: "back to \0\ud800" } as unknown as Progress;
    const { heartbeat, log } = start([noisy, quiet]);
    await heartbeat.beat();
    expect(log).toEqual([]);
    expect((await rowOf(noisy)).progress).toEqual({ done: 3, note: "back to \uFFFD\uFFFD" });
    expect((await rowOf(quiet)).leaseExpiresAt?.getTime()).toBeGreaterThan(Date.now() + 30_000);
  });

  it("aborts the run that another process holds, and no other", async () => {
    const [lost, kept] = [await heldRun(), await heldRun()];
    await db.update(jobRuns).set({ leaseHolder: "another" }).where(eq(jobRuns.id, lost.id));
    await start([lost, kept]).heartbeat.beat();
    expect(lost.abort.signal.reason).toBeInstanceOf(LeaseLost);
    expect(kept.abort.signal.aborted).toBe(false);
  });

  it("aborts the run that a person cancels", async () => {
    const run = await heldRun();
    await db.update(jobRuns).set({ cancelRequestedAt: new Date() }).where(eq(jobRuns.id, run.id));
    await start([run]).heartbeat.beat();
    expect(run.abort.signal.reason).toBeInstanceOf(CancelRequested);
  });

  it("tells two attempts of one run in this process apart", async () => {
    const second = await heldRun({ attempt: 2 });
    const first = { ...second, attempt: 1, abort: new AbortController() };
    const { heartbeat } = start([first, second]);
    await heartbeat.beat();
    expect(first.abort.signal.reason).toBeInstanceOf(LeaseLost);
    expect(second.abort.signal.aborted).toBe(false);
    heartbeat.forget(first);
    expect(heartbeat.runs()).toEqual([second]);
  });

  it("does nothing to a run that ends during the beat", async () => {
    const run = await heldRun();
    await db.update(jobRuns).set({ leaseHolder: "another" }).where(eq(jobRuns.id, run.id));
    const { heartbeat } = start([run]);
    const beat = heartbeat.beat();
    heartbeat.forget(run);
    await beat;
    expect(run.abort.signal.aborted).toBe(false);
  });

  it("sends no statement when no run is held", async () => {
    const unreachable = connect({
      url: "postgres://x@127.0.0.1:1/x",
      poolMax: 1,
      idleMs: 1_000,
      tls: "disable",
      prepare: true,
    });
    const { heartbeat, log } = start([], { db: unreachable });
    await heartbeat.beat();
    expect(log).toEqual([]);
    await unreachable.$client.end();
  });
});

describe("a database that does not answer", () => {
  const unreachable = () =>
    connect({ url: "postgres://x@127.0.0.1:1/x", poolMax: 1, idleMs: 1_000, tls: "disable", prepare: true });

  it("aborts no run until its lease must have expired", async () => {
    const run = reporting({ id: randomUUID(), jobId: "a_job", family: "samples", attempt: 1, holder: "me" });
    let now = 0;
    const away = unreachable();
    const { heartbeat, log } = start([run], { db: away, elapsed: () => now });
    now = 60_000;
    await heartbeat.beat();
    expect(run.abort.signal.aborted).toBe(false);
    expect(log).toMatchObject([{ level: "warn", fields: { runs: 1 } }]);
    now = 60_001;
    await heartbeat.beat();
    expect(run.abort.signal.reason).toBeInstanceOf(LeaseLost);
    await away.$client.end();
  });

  it("gets one beat at a time; a run whose lease expires meanwhile is aborted", async () => {
    const run = await heldRun();
    let now = 0;
    const { heartbeat } = start([run], { elapsed: () => now });
    const locked = createSignal();
    const unlock = createSignal();
    const blocker = db.transaction(async (tx) => {
      await tx.execute(sql`select 1 from platform.job_runs where id = ${run.id} for update`);
      locked.reach();
      await unlock.reached;
    });
    await locked.reached;
    const first = heartbeat.beat();
    expect(heartbeat.beat()).toBe(first);
    now = 60_001;
    void heartbeat.beat();
    expect(run.abort.signal.reason).toBeInstanceOf(LeaseLost);
    unlock.reach();
    await Promise.all([blocker, first]);
  });
});

it("beats by itself while a run is held, and stops then", async () => {
  const run = await heldRun();
  const { heartbeat } = start([run], { everyMs: 5 });
  const beat = vi.spyOn(heartbeat, "beat");
  await expect.poll(() => beat.mock.calls.length).toBeGreaterThan(1);
  await expect.poll(async () => (await rowOf(run)).leaseExpiresAt?.getTime()).toBeGreaterThan(Date.now() + 30_000);
  heartbeat.forget(run);
  expect(heartbeat.size).toBe(0);
});
