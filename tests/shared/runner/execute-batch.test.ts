import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { findRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { type BatchContext, Cancel, defineJob, event, InvalidInput, type Job, linear, noRetries, Snooze } from "#jobs";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const settings = {
  id: "many_small",
  family: { id: "samples", title: "Samples" },
  summary: "Many small runs",
  on: event({ batch: 50 }),
  input: z.object({ n: z.int() }),
  retry: linear({ retries: 1, delay: "1s" }),
  concurrency: () => null,
};

let database: TestDatabase;
let processes: TestProcess[] = [];
beforeAll(async () => {
  database = await migratedDatabase();
  const { db, close } = startProcess(database.url, []);
  await db.execute(sql`create table effects (n integer)`);
  await close();
});
afterAll(() => database.drop());
afterEach(async () => {
  if (processes[0]) await emptyTables(processes[0].db, ["platform.job_runs", "effects"]);
  await Promise.all(processes.map(({ close }) => close()));
  processes = [];
});

function start(job: Job): TestProcess {
  const process = startProcess(database.url, [job]);
  processes.push(process);
  return process;
}

async function enqueue({ runner, db }: TestProcess, job: Job, count: number): Promise<string[]> {
  const requests = Array.from({ length: count }, (_, n) => ({
    input: { n },
    trigger: "event" as const,
    requestedBy: "a test",
  }));
  return (await runner.enqueuer.enqueueMany(db, job, requests)).map(({ id }) => id);
}

async function effects({ db }: TestProcess): Promise<number[]> {
  const rows = await db.execute<{ n: number }>(sql`select n from effects order by n`);
  return [...rows].map(({ n }) => n);
}

const states = (runs: readonly Run[]) =>
  Object.fromEntries([...Map.groupBy(runs, ({ state }) => state)].map(([state, all]) => [state, all.length]));

describe("a batch of runs", () => {
  const each = (fails: (n: number, attempt: number) => boolean) =>
    defineJob({
      ...settings,
      async run({ input: { n }, run, transaction }) {
        await transaction((tx) => tx.execute(sql`insert into effects values (${n})`));
        if (fails(n, run.attempt)) throw new InvalidInput([{ field: "n", reason: "is not liked" }]);
      },
    });

  it("is executed once, however many workers receive its messages", async () => {
    const job = each(() => false);
    const all = [start(job), start(job), start(job)];
    const ids = await enqueue(all[0]!, job, 120);
    const taken = await Promise.all(
      all.flatMap(({ runner }) => [runner.executeBatch(job, ids), runner.executeBatch(job, ids.toReversed())]),
    );
    expect(states(taken.flat())).toEqual({ succeeded: 120 });
    expect(await effects(all[0]!)).toEqual(Array.from({ length: 120 }, (_, n) => n));
  });

  it("fails run by run: the bad ones are dead, the others succeed", async () => {
    const job = each((n) => n % 10 === 0);
    const process = start(job);
    const ids = await enqueue(process, job, 50);
    expect(states(await process.runner.executeBatch(job, ids))).toEqual({ succeeded: 45, dead: 5 });
  });
});

describe("a batch that one statement executes", () => {
  const together = (extra: (context: BatchContext<{ n: number }>) => void | Promise<void> = () => undefined) =>
    defineJob({
      ...settings,
      async runBatch(context) {
        const ids = `{${context.runs.map(({ input }) => input.n).join(",")}}`;
        await context.transaction((tx) => tx.execute(sql`insert into effects select unnest(${ids}::integer[])`));
        await extra(context);
      },
    });

  it("completes every run, and the work names those that failed", async () => {
    const job = together(({ runs, fail }) => {
      for (const run of runs) if (run.input.n === 7) fail(run, new Error("seven"));
    });
    const process = start(job);
    const ids = await enqueue(process, job, 20);
    expect(states(await process.runner.executeBatch(job, ids))).toEqual({ succeeded: 19, retrying: 1 });
    expect((await findRun(process.db, ids[7]!))!.errors).toMatchObject([{ message: "seven" }]);
  });

  it("an error of the whole batch counts for every run, and each is retried", async () => {
    const job = together(() => {
      throw new Error("the provider is down");
    });
    const process = start(job);
    const ids = await enqueue(process, job, 20);
    expect(states(await process.runner.executeBatch(job, ids))).toEqual({ retrying: 20 });
    expect(process.dispatched).toHaveLength(20);
  });

  it("writes nothing when another process holds one of its runs", async () => {
    const job = defineJob({
      ...settings,
      async runBatch({ runs, transaction, db }) {
        await transaction(async (tx) => {
          await tx.execute(sql`insert into effects values (1)`);
          await db.execute(
            sql`update platform.job_runs set attempt = 2, max_attempts = 9 where id = ${runs[0]!.id}::uuid`,
          );
        });
      },
    });
    const process = start(job);
    const ids = await enqueue(process, job, 3);
    const runs = await process.runner.executeBatch(job, ids);
    expect(await effects(process)).toEqual([]);
    expect(states(runs)).toEqual({ running: 1, retrying: 2 });
  });

  it("a run whose input does not match fails alone", async () => {
    const job = together();
    const process = start(job);
    const ids = await enqueue(process, job, 3);
    await process.db.execute(sql`update platform.job_runs set input = '{"n":"one"}' where id = ${ids[1]!}::uuid`);
    expect(states(await process.runner.executeBatch(job, ids))).toEqual({ succeeded: 2, dead: 1 });
    expect(await effects(process)).toEqual([0, 2]);
  });
});

it("one run of a batch can snooze without spending an attempt; the others succeed", async () => {
  const job = defineJob({
    ...settings,
    runBatch: async ({ runs, fail }) => {
      fail(runs[0]!, new Snooze("10s", "the provider asks to wait"));
    },
  });
  const process = start(job);
  const ids = await enqueue(process, job, 3);
  expect(states(await process.runner.executeBatch(job, ids))).toEqual({ retrying: 1, succeeded: 2 });
  const [putOff] = (await Promise.all(ids.map((id) => findRun(process.db, id)))).filter(
    (run) => run?.state === "retrying",
  );
  expect(putOff).toMatchObject({ attempt: 1, maxAttempts: 3, reason: "the provider asks to wait", errors: [] });
});

describe("discarded runs", () => {
  const followed = (givenUp: string[][], work: (n: number) => void) =>
    defineJob({
      ...settings,
      retry: noRetries,
      async onDiscarded(tx, runs) {
        givenUp.push(runs.map(({ state }) => state));
        await tx.execute(sql`insert into effects values (${runs.length})`);
      },
      runBatch: async ({ runs, fail }) => {
        for (const run of runs) {
          try {
            work(run.input.n);
          } catch (error) {
            fail(run, error as Error);
          }
        }
      },
    });

  it("call the hook of their job together, in the transaction that ends them", async () => {
    const givenUp: string[][] = [];
    const job = followed(givenUp, (n) => {
      if (n < 2) throw new Error("no");
      if (n === 2) throw new Cancel("there is nothing left to do");
    });
    const process = start(job);
    const ids = await enqueue(process, job, 10);
    expect(states(await process.runner.executeBatch(job, ids))).toEqual({ dead: 2, cancelled: 1, succeeded: 7 });
    expect(givenUp.map((states) => states.toSorted())).toEqual([["cancelled", "dead", "dead"]]);
    expect(await effects(process)).toEqual([3]);
  });

  it("are the only ones that call the hook", async () => {
    const givenUp: string[][] = [];
    const job = followed(givenUp, () => undefined);
    const process = start(job);
    await process.runner.executeBatch(job, await enqueue(process, job, 10));
    expect(givenUp).toEqual([]);
  });

  it("call the hook when a person cancels them, not when a gate makes them wait", async () => {
    const givenUp: string[][] = [];
    const job = followed(givenUp, () => undefined);
    const process = start(job);
    const [first, ...others] = await enqueue(process, job, 3);
    await process.runner.cancel(first!, { reason: "not wanted", who: "a test" });
    await process.db.execute(sql`update platform.controls set kill_switch = true`);
    await process.runner.executeBatch(job, others);
    await process.db.execute(sql`update platform.controls set kill_switch = false`);
    expect(givenUp).toEqual([["cancelled"]]);
    const states = sql`select state from platform.job_runs where id in ${others}`;
    expect([...(await process.db.execute(states))]).toEqual([{ state: "queued" }, { state: "queued" }]);
    const blocked = sql`select from platform.audit_log where action = 'run blocked' and reason like 'Kill switch is active%'`;
    expect(await process.db.execute(blocked), "each leaves a row").toHaveLength(2);
  });
});
