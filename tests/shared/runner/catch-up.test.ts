import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { listRuns } from "#data/platform/job-runs.ts";
import { slotLedgers } from "#data/platform/job-schedules.ts";
import { defineJob, type Job } from "#jobs";
import type { Missed } from "#jobs/triggers.ts";
import { accountableRange, unaccountedCount } from "#operations/unaccounted-slots.ts";
import { tick } from "#runner/tick.ts";
import { type Schedule, schedule } from "#schedule/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const noon = new Date("2026-03-10T12:00:00Z");
const minutesAfterNoon = (n: number) => new Date(noon.getTime() + n * 60_000);
const days = (n: number) => n * 24 * 60;

let ran: string[] = [];
function sample(
  id = "daily_sample",
  { on = schedule("0 0 12 * * *", "UTC"), missed = "once" }: { on?: Schedule; missed?: Missed } = {},
): Job {
  return defineJob({
    id,
    family: { id: "samples", title: "Samples" },
    summary: "A sample",
    on,
    input: z.strictObject({}),
    missed,
    run: async ({ asOf }) => {
      ran.push(asOf.toISOString());
    },
  });
}

let database: TestDatabase;
const processes: TestProcess[] = [];
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  ran = [];
});
afterEach(async () => {
  if (processes[0]) await emptyTables(processes[0].db, ["platform.job_runs", "platform.job_schedules"]);
  await Promise.all(processes.splice(0).map((process) => process.close()));
});

function start(jobs: readonly Job[], at = noon, env: Record<string, string> = {}): TestProcess {
  const process = startProcess(database.url, jobs, { clock: new TestClock(at), env });
  processes.push(process);
  return process;
}

/** A process whose job ran at noon, and which then had no timers until the given minutes after noon. */
async function outage(job: Job, minutes: number): Promise<TestProcess> {
  const process = start([job]);
  await process.runner.catchUpSlots();
  await process.runner.runSlot(job, noon, { schedule: job.on as Schedule });
  ran = [];
  process.clock.moveTo(minutesAfterNoon(minutes));
  return process;
}

/** Executes what was dispatched. */
async function work({ dispatched, runner }: TestProcess): Promise<void> {
  for (const { id } of dispatched.splice(0)) await runner.execute(id);
}

async function unaccounted({ db, clock }: TestProcess, job: Job): Promise<number> {
  const now = clock.now();
  const ledgers = await slotLedgers(db, [job.id], { ...accountableRange(now), now });
  return unaccountedCount(job.on as Schedule, ledgers.get(job.id), now);
}

async function states({ db }: TestProcess, jobId: string): Promise<string[]> {
  const runs = await listRuns(db, { limit: 1_000 });
  return runs
    .filter((run) => run.jobId === jobId)
    .sort((a, b) => a.scheduledFor!.getTime() - b.scheduledFor!.getTime())
    .map(({ state, reasonCode }) => reasonCode ?? state);
}

describe("a slot that no tick recorded", () => {
  it("of a daily job runs with the next catch-up, for its instant", async () => {
    const job = sample();
    const process = await outage(job, days(1) + 6);
    expect(await unaccounted(process, job), "before").toBe(1);
    expect(await process.runner.catchUpSlots()).toBe(1);
    await work(process);
    expect(ran).toEqual(["2026-03-11T12:00:00.000Z"]);
    expect(await unaccounted(process, job), "after").toBe(0);
    expect(await process.runner.catchUpSlots(), "once").toBe(0);
  });

  it.each<{ missed: Missed; executed: number; recorded: string[] }>([
    { missed: "once", executed: 1, recorded: ["caught-up", "caught-up", "succeeded"] },
    { missed: "skip", executed: 0, recorded: ["missed", "missed", "missed"] },
    { missed: "all", executed: 3, recorded: ["succeeded", "succeeded", "succeeded"] },
  ])("with the policy $missed: $executed of three run", async ({ missed, executed, recorded }) => {
    const job = sample("daily_sample", { missed });
    const process = await outage(job, days(3) + 2);
    expect(await unaccounted(process, job)).toBe(3);
    await process.runner.catchUpSlots();
    await work(process);
    expect(ran).toHaveLength(executed);
    expect(await states(process, job.id)).toEqual(["succeeded", ...recorded]);
    expect(await unaccounted(process, job)).toBe(0);
  });

  it("is left to its timer for a quarter of a minute", async () => {
    const process = await outage(sample(), days(1));
    process.clock.advance(10_000);
    expect(await process.runner.catchUpSlots()).toBe(0);
    process.clock.advance(10_000);
    expect(await process.runner.catchUpSlots()).toBe(1);
  });

  it("runs once when several processes and its own late tick find it together", async () => {
    const job = sample();
    const first = await outage(job, days(4) + 6);
    const all = [first, ...Array.from({ length: 2 }, () => start([job], first.clock.now()))];
    await Promise.all([
      ...all.map(({ runner }) => runner.catchUpSlots()),
      tick({ runner: first.runner, clock: first.clock, isPastDue: true }, job, job.on as Schedule),
    ]);
    for (const process of all) await work(process);
    expect(ran).toEqual(["2026-03-14T12:00:00.000Z"]);
    expect(await states(first, job.id)).toEqual(["succeeded", "caught-up", "caught-up", "caught-up", "succeeded"]);
  });

  it("is recorded with the reason while the job is switched off", async () => {
    const job = sample();
    const before = await outage(job, days(1) + 6);
    const process = start([job], before.clock.now(), { DAILY_SAMPLE_ENABLED: "false" });
    await process.runner.catchUpSlots();
    await work(process);
    expect(ran).toEqual([]);
    expect(await unaccounted(process, job)).toBe(0);
  });

  it("keeps no other job from being caught up when it cannot be recorded", async () => {
    const [broken, sound] = [sample("broken_sample"), sample("sound_sample")];
    const process = start([broken, sound]);
    await process.runner.catchUpSlots();
    process.clock.moveTo(minutesAfterNoon(days(1) + 1));
    await process.db.execute(sql`
      alter table platform.job_runs add constraint refuses_one check (job_id <> 'broken_sample')`);
    expect(await process.runner.catchUpSlots()).toBe(1);
    await process.db.execute(sql`alter table platform.job_runs drop constraint refuses_one`);
    expect(process.log.map(({ message }) => message)).toContain(
      "Catching up the missed slots of a job failed; the next minute retries it",
    );
    expect(await process.runner.catchUpSlots()).toBe(1);
  });
});

describe("no slot is invented", () => {
  it("for a job before its first registration", async () => {
    const job = sample();
    const process = start([job], minutesAfterNoon(1));
    expect(await process.runner.catchUpSlots()).toBe(0);
    expect(await unaccounted(process, job)).toBe(0);
    process.clock.moveTo(minutesAfterNoon(days(1) + 6));
    expect(await unaccounted(process, job), "the first slot after it is expected").toBe(1);
    expect(await process.runner.catchUpSlots()).toBe(1);
  });

  it("before a change of the schedule, by the catch-up or by the next tick", async () => {
    const daily = sample();
    const before = await outage(daily, 300);
    const hourly = sample("daily_sample", { on: schedule("0 0 * * * *", "UTC") });
    const process = start([hourly], before.clock.now());
    await tick({ runner: process.runner, clock: process.clock, isPastDue: false }, hourly, hourly.on as Schedule);
    expect(await states(process, hourly.id), "by a tick before the change is stored").toEqual([
      "succeeded",
      "succeeded",
    ]);
    process.clock.advance(60_000);
    expect(await process.runner.catchUpSlots()).toBe(0);
    expect(await unaccounted(process, hourly)).toBe(0);
    process.clock.moveTo(minutesAfterNoon(481));
    expect(await process.runner.catchUpSlots(), "17:01, then 18:00 to 20:00").toBe(1);
    expect(await states(process, hourly.id)).toEqual(["succeeded", "succeeded", "caught-up", "caught-up", "queued"]);
  });
});

it("a schedule is written once, however often it is looked at", async () => {
  const process = start([sample()]);
  await process.runner.catchUpSlots();
  const version = async () =>
    (await process.db.execute<{ version: string }>(sql`select xmin::text as version from platform.job_schedules`))[0];
  const first = await version();
  process.clock.advance(60_000);
  await process.runner.catchUpSlots();
  expect(await version()).toEqual(first);
});
