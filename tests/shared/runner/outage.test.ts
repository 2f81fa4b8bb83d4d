import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { listRuns } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { defineJob, type Job, type JobContext } from "#jobs";
import { unaccountedSlots } from "#operations/unaccounted-slots.ts";
import { tick } from "#runner/tick.ts";
import { schedule } from "#schedule/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { createSignal } from "#support/signal.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const noon = new Date("2026-03-10T12:00:00Z");
const minutes = (n: number) => n * 60_000;
const at = (n: number) => new Date(noon.getTime() + minutes(n));
const everyMinute = schedule("0 * * * * *", "UTC");

let seen: string[] = [];
type Policy = Partial<Parameters<typeof defineJob>[0]>;
const sample = (policy: Policy = {}, work: () => Promise<void> = async () => undefined): Job =>
  defineJob({
    id: "minutely_sample",
    family: { id: "samples", title: "Samples" },
    summary: "A sample",
    on: everyMinute,
    input: z.strictObject({}),
    ...policy,
    async run({ asOf }: JobContext<Record<string, never>>) {
      seen.push(asOf.toISOString().slice(11, 16));
      await work();
    },
  } as never);

let database: TestDatabase;
const processes: TestProcess[] = [];
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  seen = [];
});
afterEach(async () => {
  if (processes[0]) await emptyTables(processes[0].db, ["platform.job_runs"]);
  await Promise.all(processes.splice(0).map((process) => process.close()));
});

function start(job: Job, clock = new TestClock(noon), heartbeatMs?: number): TestProcess {
  const process = startProcess(database.url, [job], { clock, ...(heartbeatMs && { heartbeatMs }) });
  processes.push(process);
  return process;
}

const ticks = (process: TestProcess, job: Job) =>
  tick({ runner: process.runner, clock: process.clock, isPastDue: false }, job, everyMinute);

const open = (process: TestProcess, until: number) =>
  unaccountedSlots(process.db, { jobId: "minutely_sample", schedule: everyMinute }, { from: noon, to: at(until) });

async function byCode(process: TestProcess): Promise<Record<string, number>> {
  const runs = await listRuns(process.db, { limit: 1_000 });
  return Object.fromEntries(
    [...Map.groupBy(runs, ({ state, reasonCode }) => reasonCode ?? state)].map(([k, v]) => [k, v.length]),
  );
}

/** Executes what was sent, in its order, until nothing more comes. */
async function work(process: TestProcess): Promise<Run[]> {
  const done: Run[] = [];
  for (let next = process.dispatched.shift(); next; next = process.dispatched.shift()) {
    if (next.at > process.clock.now()) process.clock.advance(next.at.getTime() - process.clock.now().getTime());
    const run = await process.runner.execute(next.id);
    if (run) done.push(run);
  }
  return done;
}

/** One slot ran at noon, then nothing ticked for `down` minutes. */
async function outage(job: Job, down: number): Promise<TestProcess> {
  const process = start(job);
  await ticks(process, job);
  expect(seen).toEqual(["12:00"]);
  seen = [];
  process.clock.advance(minutes(down));
  return process;
}

describe("after an outage every slot is accounted for", () => {
  it("once: the first tick runs for all missed slots", async () => {
    const job = sample();
    const process = await outage(job, 60);
    expect(await open(process, 61), "before the tick").toHaveLength(60);
    expect(await ticks(process, job)).toMatchObject({ state: "succeeded", scheduledFor: at(60) });
    expect(await byCode(process)).toEqual({ succeeded: 2, "caught-up": 59 });
    expect(await open(process, 61)).toEqual([]);
    expect(seen).toEqual(["13:00"]);
  });

  it("skip: no missed slot runs, the slot of the tick does", async () => {
    const job = sample({ missed: "skip" });
    const process = await outage(job, 60);
    expect(await ticks(process, job)).toMatchObject({ scheduledFor: at(60), state: "succeeded" });
    expect(await byCode(process)).toEqual({ succeeded: 2, missed: 59 });
    expect(await open(process, 61)).toEqual([]);
  });

  it("all: each slot runs for its instant, oldest first, and the slot of the tick after them", async () => {
    const job = sample({ missed: "all" });
    const process = await outage(job, 5);
    expect(await ticks(process, job)).toMatchObject({ state: "queued", scheduledFor: at(5) });
    expect(await open(process, 6)).toEqual([]);
    expect(await work(process)).toHaveLength(5);
    expect(seen).toEqual(["12:01", "12:02", "12:03", "12:04", "12:05"]);
  });

  it("all: in their order even when their messages arrive in another", async () => {
    const job = sample({ missed: "all" });
    const process = await outage(job, 5);
    await ticks(process, job);
    process.dispatched.reverse();
    await work(process);
    expect(seen).toEqual(["12:01", "12:02", "12:03", "12:04", "12:05"]);
  });

  it("all: none later than allowed", async () => {
    const job = sample({ missed: "all", maxLateness: "90m" });
    const process = await outage(job, 300);
    await ticks(process, job);
    expect(await open(process, 301)).toEqual([]);
    expect(await byCode(process)).toEqual({ succeeded: 1, "too-late": 209, queued: 91 });
  });

  it("all: only the newest hundred", async () => {
    const job = sample({ missed: "all" });
    const process = await outage(job, 300);
    await ticks(process, job);
    expect(await byCode(process)).toEqual({ succeeded: 1, missed: 199, queued: 101 });
  });

  it("even when several processes tick at once", async () => {
    const job = sample();
    const first = await outage(job, 2_500);
    const all = [first, ...Array.from({ length: 3 }, () => start(job, first.clock))];
    const ran = (await Promise.all(all.map((process) => ticks(process, job)))).filter(
      (run) => run?.state === "succeeded",
    );
    expect(ran).toHaveLength(1);
    expect(await open(first, 2_501)).toEqual([]);
    const [row] = await first.db.execute<{ n: number }>(sql`select count(*)::int as n from platform.job_runs`);
    expect(row!.n).toBe(2_501);
  });

  it("and none is recorded as missed when the job is new or no slot was missed", async () => {
    const job = sample();
    const process = start(job);
    for (let n = 0; n < 3; n++) {
      expect(await ticks(process, job)).toMatchObject({ state: "succeeded" });
      process.clock.advance(minutes(1));
    }
    expect(await byCode(process)).toEqual({ succeeded: 3 });
  });
});

describe("a slot whose last run still runs", () => {
  async function overlapping(job: Job, entered: Promise<void>, heartbeatMs?: number) {
    const [one, two] = [start(job, new TestClock(noon), heartbeatMs), start(job, new TestClock(at(1)))];
    const first = ticks(one, job);
    await entered;
    return { first, two, second: await ticks(two, job) };
  }

  it("queue one: waits for it and names it; the slot after that is skipped", async () => {
    const [entered, leave] = [createSignal(), createSignal()];
    const job = sample({ overlap: "queue one" }, async () => {
      entered.reach();
      await leave.reached;
    });
    const { first, two, second } = await overlapping(job, entered.reached);
    expect(second).toMatchObject({ state: "queued", scheduledFor: at(1) });
    two.clock.advance(minutes(1));
    const third = await ticks(two, job);
    expect(third).toMatchObject({ state: "skipped", reasonCode: "already-running" });
    expect(third!.reason).toContain(`run ${second!.id} waits for its end`);
    leave.reach();
    const ran = await first;
    expect(third!.reason).toContain(`already running: run ${ran!.id}`);
    expect(await two.runner.execute(second!.id)).toMatchObject({ state: "succeeded" });
  });

  it("cancel the running one: it gets its signal, and the slot runs then", async () => {
    const entered = createSignal();
    let isFirst = true;
    const job = defineJob({
      id: "minutely_sample",
      family: { id: "samples", title: "Samples" },
      summary: "A sample",
      on: everyMinute,
      input: z.strictObject({}),
      overlap: "cancel the running one" as const,
      async run({ signal }) {
        if (!isFirst) return;
        isFirst = false;
        entered.reach();
        await new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            reject(signal.reason as Error);
          });
        });
      },
    });
    const { first, two, second } = await overlapping(job, entered.reached, 20);
    expect(await first).toMatchObject({ state: "cancelled", reason: `the slot of run ${second!.id} is due` });
    expect(await two.runner.execute(second!.id)).toMatchObject({ state: "succeeded" });
  });
});
