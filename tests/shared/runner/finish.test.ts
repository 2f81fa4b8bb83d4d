import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Tx } from "#data/client.ts";
import { findRun, listRuns } from "#data/platform/job-runs.ts";
import { defineJob, type JobContext, linear, manual } from "#jobs";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { createSignal } from "#support/signal.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

type Context = JobContext<Record<string, never>>;
const common = {
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  on: manual,
  input: z.strictObject({}),
} as const;
const next = defineJob({ ...common, id: "next", run: async () => undefined });

let database: TestDatabase;
let processes: TestProcess[] = [];
beforeAll(async () => {
  database = await migratedDatabase();
  const { db, close } = startProcess(database.url, []);
  await db.execute(sql`create table effects (attempt integer)`);
  await close();
});
afterAll(() => database.drop());
afterEach(async () => {
  if (processes[0]) await emptyTables(processes[0].db, ["platform.job_runs", "effects"]);
  await Promise.all(processes.map(({ close }) => close()));
  processes = [];
});

function sample(run: (context: Context) => Promise<Record<string, unknown>>, then: readonly string[] = []) {
  return defineJob({ ...common, id: "sample", retry: linear({ retries: 2, delay: "1s" }), then, run });
}
const leave = ({ run }: Context) => sql`insert into effects values (${run.attempt})`;

function start(job: ReturnType<typeof sample>, options: Parameters<typeof startProcess>[2] = {}): TestProcess {
  const process = startProcess(database.url, [job, next], options);
  processes.push(process);
  return process;
}
async function effects({ db }: TestProcess): Promise<number[]> {
  return [...(await db.execute<{ attempt: number }>(sql`select attempt from effects`))].map(({ attempt }) => attempt);
}
async function hasExpiredLease({ db }: TestProcess, id: string): Promise<boolean> {
  const [row] = await db.execute<{ expired: boolean }>(
    sql`select lease_expires_at < now() as expired from platform.job_runs where id = ${id}::uuid`,
  );
  return row!.expired;
}
const ask = async ({ runner }: TestProcess, job: ReturnType<typeof sample>) =>
  (await runner.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a test" })).id;

describe("finish", () => {
  it("commits the last of the work and the completion of the run together: another query sees both", async () => {
    const job = sample(
      async (context) => {
        const result = await context.finish(async (tx) => {
          await tx.execute(leave(context));
          return { rows: 1 };
        });
        // Nothing that happens from here on can undo it, or make it happen again.
        expect(await findRun(context.db, context.run.id)).toMatchObject({
          state: "succeeded",
          result: { rows: 1 },
          leaseHolder: null,
        });
        await Promise.reject(new Error("too late"));
        return result;
      },
      ["next"],
    );
    const process = start(job);
    const id = await ask(process, job);
    expect(await process.runner.execute(id)).toMatchObject({ state: "succeeded", result: { rows: 1 } });
    expect(await process.runner.execute(id)).toBeUndefined();
    expect(await effects(process)).toEqual([1]);
    expect(await listRuns(process.db, { limit: 5, trigger: "chain" })).toMatchObject([
      { jobId: "next", parentRunId: id },
    ]);
  });

  it("rolls both back when the work fails, and the next attempt commits both", async () => {
    const job = sample((context) =>
      context.finish(async (tx) => {
        await tx.execute(leave(context));
        if (context.run.attempt === 1) throw new Error("half way");
      }),
    );
    const process = start(job);
    const id = await ask(process, job);
    expect(await process.runner.execute(id)).toMatchObject({ state: "retrying" });
    expect(await effects(process)).toEqual([]);
    process.clock.advance(1_000);
    expect(await process.runner.execute(id)).toMatchObject({ state: "succeeded", attempt: 2 });
    expect(await effects(process)).toEqual([2]);
  });

  it("commits neither for a run that another process holds", async () => {
    const entered = createSignal();
    const wakeUp = createSignal();
    const job = sample((context) =>
      context.finish(async (tx) => {
        await tx.execute(leave(context));
        if (context.run.attempt > 1) return;
        entered.reach();
        await wakeUp.reached;
      }),
    );
    const [sleepy, lively] = [start(job, { leaseMs: 50 }), start(job)];
    const id = await ask(sleepy, job);
    const late = sleepy.runner.execute(id);
    await entered.reached;
    await expect.poll(() => lively.runner.rescueExpiredRuns()).toEqual({ retrying: 1, dead: 0 });
    lively.clock.advance(1_000);
    await lively.runner.execute(id);
    wakeUp.reach();
    expect(await late).toMatchObject({ state: "succeeded", attempt: 2 });
    expect(await effects(lively)).toEqual([2]);
  });

  it.each(["finish", "transaction"] as const)(
    "ends a run whose lease has expired when no other process has taken it: %s commits",
    async (way) => {
      const entered = createSignal();
      const wakeUp = createSignal();
      const job = sample(async (context) => {
        const work = async (tx: Tx) => {
          await tx.execute(leave(context));
          entered.reach();
          await wakeUp.reached;
        };
        await (way === "finish" ? context.finish(work) : context.transaction(work));
        return {};
      });
      const late = start(job, { leaseMs: 50 });
      const id = await ask(late, job);
      const ended = late.runner.execute(id);
      await entered.reached;
      await expect.poll(() => hasExpiredLease(late, id)).toBe(true);
      wakeUp.reach();
      expect(await ended).toMatchObject({ state: "succeeded", attempt: 1 });
      expect(await late.runner.rescueExpiredRuns()).toEqual({ retrying: 0, dead: 0 });
      expect(await effects(late)).toEqual([1]);
    },
  );

  it("is one of the endings of runs that are executed together: each is completed once, and logged as one batch", async () => {
    const job = defineJob({
      ...common,
      id: "many",
      input: z.strictObject({ n: z.int() }),
      retry: linear({ retries: 2, delay: "1s" }),
      concurrency: () => null,
      async run({ input: { n }, finish }) {
        if (n === 0) return finish(async () => ({ n }));
        if (n === 1) throw new Error("no");
        return { n };
      },
    });
    const process = startProcess(database.url, [job]);
    processes.push(process);
    const requests = [0, 1, 2].map((n) => ({ input: { n }, trigger: "event" as const, requestedBy: "a test" }));
    const ids = (await process.enqueuer.enqueueMany(process.db, job, requests)).map(({ id }) => id);
    const ended = await process.runner.executeBatch(job, ids);
    expect(ended.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(ended.map(({ state }) => state).toSorted()).toEqual(["retrying", "succeeded", "succeeded"]);
    const log = process.log.filter(({ message }) => message === "Ended a batch");
    expect(log).toMatchObject([{ fields: { runs: 3, succeeded: 2, retrying: 1 } }]);
  });
});
