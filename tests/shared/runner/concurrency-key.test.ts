import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Run } from "#data/platform/platform-schema.ts";
import { defineJob, event, type Job, linear } from "#jobs";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aRun } from "#support/factories.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

/** Runs that stand in line for a concurrency key: the first letter of their name. */
let database: TestDatabase;
let processes: TestProcess[] = [];
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
afterEach(async () => {
  if (processes[0]) await emptyTables(processes[0].db, ["platform.job_runs"]);
  await Promise.all(processes.map(({ close }) => close()));
  processes = [];
});

function start(job: Job): TestProcess {
  const process = startProcess(database.url, [job]);
  processes.push(process);
  return process;
}

type Doing = (name: string, attempt: number) => void;

function inLine(does: Doing = () => undefined, more: { finishes?: boolean } = {}): Job {
  return defineJob({
    id: "in_line",
    family: { id: "samples", title: "Samples" },
    summary: "One at a time for each letter",
    on: event({ batch: 50 }),
    input: z.object({ name: z.string() }),
    retry: linear({ retries: 3, delay: "1h" }),
    concurrency: ({ name }) => name[0]!,
    async run({ input: { name }, run, finish }) {
      does(name, run.attempt);
      if (more.finishes) await finish(async () => undefined);
    },
  });
}

/** Puts runs in line, each due a millisecond after the one before. @returns their ids by name */
async function queue(process: TestProcess, job: Job, names: readonly string[]): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  for (const name of names) {
    const asked = { input: { name }, trigger: "event" as const, requestedBy: "a test" };
    ids[name] = (await process.enqueuer.enqueue(job, asked)).id;
    process.clock.advance(1);
  }
  process.dispatched.length = 0;
  return ids;
}

/** Carries all that was sent and is due, until nothing is left. @returns how it ended, in the order in which it did */
async function carryAll({ runner, dispatched, clock }: TestProcess): Promise<Run[]> {
  const done: Run[] = [];
  for (let next = takeDue(); next; next = takeDue())
    done.push(...[await runner.execute(next.id)].filter((run) => !!run));
  return done;

  function takeDue() {
    const index = dispatched.findIndex(({ at }) => at <= clock.now());
    return index < 0 ? undefined : dispatched.splice(index, 1)[0];
  }
}

describe("a run that releases its concurrency key", () => {
  it.each([
    ["succeeds", inLine()],
    ["succeeds in its own transaction", inLine(undefined, { finishes: true })],
    [
      "will be retried later",
      inLine((name, attempt) => {
        if (name === "a1" && attempt === 1) throw new Error("not yet");
      }),
    ],
  ])("dispatches the next in line when it %s, and that one the next", async (_how, job) => {
    const process = start(job);
    const { a1, a2, a3, b1 } = await queue(process, job, ["a1", "a2", "a3", "b1"]);
    await process.runner.execute(a1!);
    expect(process.dispatched.filter(({ at }) => at <= process.clock.now())).toMatchObject([{ id: a2 }]);
    expect((await carryAll(process)).map(({ id }) => id)).toEqual([a2, a3]);
    expect(await process.runner.execute(b1!)).toMatchObject({ state: "succeeded" });
    expect(process.dispatched.filter(({ at }) => at <= process.clock.now())).toEqual([]);
  });

  it("dispatches none that cannot start: not due, cancelled, of another job", async () => {
    const job = inLine();
    const process = start(job);
    const { a1, a2 } = await queue(process, job, ["a1", "a2"]);
    const due = { state: "queued", concurrencyKey: "a" } as const;
    await process.db.execute(sql`update platform.job_runs set cancel_requested_at = now() where id = ${a2}`);
    await aRun(process.db, { ...due, jobId: job.id, notBefore: new Date(process.clock.now().getTime() + 1) });
    await aRun(process.db, { ...due, jobId: "another", notBefore: process.clock.now() });
    await process.runner.execute(a1!);
    expect(process.dispatched).toEqual([]);
  });

  it("releases it when its process dies: the rescue dispatches the next", async () => {
    const job = inLine();
    const process = start(job);
    const { a1, a2 } = await queue(process, job, ["a1", "a2"]);
    await process.db.execute(sql`
      update platform.job_runs set state = 'running', attempt = 1, started_at = now(), lease_holder = 'gone',
             lease_expires_at = now() - interval '1 s' where id = ${a1}`);
    expect(await process.runner.rescueExpiredRuns()).toEqual({ retrying: 1, dead: 0 });
    expect(process.dispatched).toContainEqual({ id: a2, jobId: job.id, at: process.clock.now() });
  });
});

it("of one batch the first run of each key starts, and the others follow one by one", async () => {
  const order: string[] = [];
  const job = inLine((name) => order.push(name));
  const process = start(job);
  const ids = await queue(process, job, ["a1", "b1", "a2", "a3", "b2", "c1"]);
  const first = await process.runner.executeBatch(job, Object.values(ids).toReversed());
  expect(first.map(({ id }) => id).toSorted()).toEqual([ids.a1, ids.b1, ids.c1].toSorted());
  await carryAll(process);
  expect(order.filter((name) => name.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
  expect(order.toSorted()).toEqual(["a1", "a2", "a3", "b1", "b2", "c1"]);
});

it("runs of a key start in their order, but wait at most some minutes for one that does not start", async () => {
  const process = start(inLine());
  const { a2, a3 } = await queue(process, inLine(), ["a1", "a2", "a3"]);
  expect(await process.runner.execute(a3!), "a1 and a2 were there before").toBeUndefined();
  process.clock.advance(300_001);
  expect(await process.runner.execute(a2!)).toMatchObject({ state: "succeeded" });
});

it("the sweep skips runs whose key is held, however many, and finds the others", async () => {
  const job = inLine();
  const process = start(job);
  const { a1, b1 } = await queue(process, job, ["a1", "a2", "a3", "b1"]);
  await process.db.execute(sql`
    update platform.job_runs set state = 'running', attempt = 1, started_at = now(), lease_holder = 'them',
           lease_expires_at = now() + interval '1 h' where id = ${a1}`);
  process.clock.advance(60_000);
  expect(await process.runner.dispatchOverdueRuns()).toBe(1);
  expect(process.dispatched).toMatchObject([{ id: b1 }]);
});
