import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { findRun, listRuns } from "#data/platform/job-runs.ts";
import { jobRuns, type Run } from "#data/platform/platform-schema.ts";
import {
  Cancel,
  defineJob,
  exponential,
  internet,
  InvalidInput,
  type Job,
  type JobContext,
  linear,
  manual,
  noRetries,
  Snooze,
} from "#jobs";
import { schedule } from "#schedule/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { createSignal } from "#support/signal.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const family = { id: "samples", title: "Samples" };
const noon = new Date("2026-03-10T12:00:00Z");
const later = (minutes: number) => new Date(noon.getTime() + minutes * 60_000);

let database: TestDatabase;
let processes: TestProcess[] = [];

beforeAll(async () => {
  database = await migratedDatabase();
  const { db, close } = startProcess(database.url, []);
  await db.execute(sql`create table effects (run_id uuid, note text)`);
  await close();
});
afterAll(() => database.drop());

beforeEach(async () => {
  const { db, close } = startProcess(database.url, []);
  await emptyTables(db, ["platform.job_runs", "effects"]);
  await close();
});
afterEach(async () => {
  await Promise.all(processes.map((process) => process.close()));
  processes = [];
});

function start(jobs: readonly Job[], options: Parameters<typeof startProcess>[2] = {}): TestProcess {
  const process = startProcess(database.url, jobs, options);
  processes.push(process);
  return process;
}

function hourly(run: (context: JobContext<Record<string, never>>) => Promise<Record<string, unknown> | void>): Job {
  return defineJob({
    id: "hourly_sample",
    family,
    summary: "A sample",
    on: schedule("0 0 * * * *", "UTC"),
    input: z.strictObject({}),
    retry: linear({ retries: 2, delay: "30s" }),
    run: run,
  });
}

function asked(
  run: (context: JobContext<{ n: number }>) => Promise<Record<string, unknown> | void>,
  options: Partial<{
    retry: ReturnType<typeof exponential>;
    timeout: "50ms";
    concurrency: (input: { n: number }) => string | null;
  }> = {},
): Job {
  return defineJob({
    id: "asked_sample",
    family,
    summary: "A sample",
    on: manual,
    input: z.strictObject({ n: z.int().default(1) }),
    retry: linear({ retries: 2, delay: "30s" }),
    run,
    ...options,
  } as never);
}

const request = (input: unknown = {}) => ({ input, trigger: "manual" as const, requestedBy: "a test" });

async function effectsOf(process: TestProcess): Promise<string[]> {
  const rows = await process.db.execute<{ note: string }>(sql`select note from effects order by note`);
  return [...rows].map(({ note }) => note);
}

const writeEffect = ({ transaction, run }: JobContext<never> | JobContext<{ n: number }>, note: string) =>
  transaction(async (tx) => {
    await tx.execute(sql`insert into effects values (${run.id}::uuid, ${note})`);
  });

describe("a slot", () => {
  it("runs once, however many processes tick it at the same moment", async () => {
    const job = hourly(async (context) => {
      await writeEffect(context as never, "ran");
    });
    const all = Array.from({ length: 4 }, () => start([job]));
    const ticks = Array.from({ length: 100 }, (_, i) => all[i % 4]!.runner.runSlot(job, noon));
    const ran = (await Promise.all(ticks)).filter((run) => run?.state === "succeeded");
    expect(ran).toHaveLength(1);
    expect(await effectsOf(all[0]!)).toEqual(["ran"]);
    expect(await listRuns(all[0]!.db, { limit: 10 })).toHaveLength(1);
  });

  it("is in the ledger with its instant, result and duration", async () => {
    const job = hourly(async ({ asOf }) => ({ seen: asOf.toISOString(), rows: 3 }));
    const process = start([job]);
    const run = await process.runner.runSlot(job, noon);
    expect(run).toMatchObject({
      state: "succeeded",
      trigger: "schedule",
      scheduledFor: noon,
      attempt: 1,
      maxAttempts: 3,
      result: { seen: "2026-03-10T12:00:00.000Z", rows: 3 },
      leaseHolder: null,
    });
    expect(run!.durationMs).toBeGreaterThanOrEqual(0);
  });

  it("is skipped, naming the running run, while the last one still runs", async () => {
    const entered = createSignal();
    const leave = createSignal();
    const job = hourly(async () => {
      entered.reach();
      await leave.reached;
    });
    const [one, two] = [start([job]), start([job], { clock: new TestClock(later(60)) })];
    const first = one.runner.runSlot(job, noon);
    await entered.reached;
    const second = await two.runner.runSlot(job, later(60));
    leave.reach();
    const ran = await first;
    expect(second).toMatchObject({ state: "skipped", reasonCode: "already-running", attempt: 0 });
    expect(second!.reason).toBe(`already running: run ${ran!.id}`);
    expect(ran!.state).toBe("succeeded");
  });

  it("runs for one of two ticks in the same instant, and is skipped for the other", async () => {
    const leave = createSignal();
    const job = hourly(async () => leave.reached);
    const [one, two] = [start([job]), start([job], { clock: new TestClock(later(60)) })];
    const both = [one.runner.runSlot(job, noon), two.runner.runSlot(job, later(60))];
    await expect.poll(() => listRuns(one.db, { limit: 10 })).toHaveLength(2);
    leave.reach();
    const states = (await Promise.all(both)).map((run) => run?.state).sort();
    expect(states).toEqual(["skipped", "succeeded"]);
  });

  it("of a job that is switched off is skipped with that reason", async () => {
    const job = hourly(async () => undefined);
    const process = start([job], { env: { HOURLY_SAMPLE_ENABLED: "false" } });
    expect(await process.runner.runSlot(job, noon)).toMatchObject({ state: "skipped", reasonCode: "disabled" });
    expect(await process.runner.runSlot(job, noon)).toBeUndefined();
  });
});

describe("a failing run", () => {
  it("is retried at its time, in the same row, until it is dead with every error kept", async () => {
    const job = asked(async ({ run }) => {
      throw new Error(`attempt ${run.attempt} failed`);
    });
    const process = start([job]);
    const { id } = await process.enqueuer.enqueue(job, request());
    const first = await process.runner.execute(id);
    expect(first).toMatchObject({ state: "retrying", attempt: 1, notBefore: new Date(noon.getTime() + 30_000) });
    expect(process.dispatched.at(-1)).toMatchObject({ id, at: new Date(noon.getTime() + 30_000) });
    expect(await process.runner.execute(id), "not due yet").toBeUndefined();
    process.clock.advance(30_000);
    await process.runner.execute(id);
    process.clock.advance(30_000);
    const last = await process.runner.execute(id);
    expect(last).toMatchObject({ state: "dead", attempt: 3, maxAttempts: 3 });
    expect(last!.errors.map(({ message }) => message)).toEqual([1, 2, 3].map((n) => `attempt ${n} failed`));
    expect(last!.errors[0]!.stack).toContain("runner.test.ts");
    expect(await process.runner.execute(id), "final").toBeUndefined();
  });

  it("of class validation is dead at once", async () => {
    const job = asked(async () => {
      throw new InvalidInput([{ field: "startDate", reason: "is in the future" }]);
    });
    const process = start([job]);
    const { id } = await process.enqueuer.enqueue(job, request());
    expect(await process.runner.execute(id)).toMatchObject({ state: "dead", attempt: 1 });
  });

  it("waits as long as the error asks when that is longer than the policy", async () => {
    const job = asked(async () => {
      throw Object.assign(new Error("slow down"), { errorClass: "rate_limited", retryAfterMs: 600_000 });
    });
    const process = start([job]);
    const { id } = await process.enqueuer.enqueue(job, request());
    expect(await process.runner.execute(id)).toMatchObject({
      state: "retrying",
      notBefore: new Date(noon.getTime() + 600_000),
    });
  });

  it("keeps a value that is no Error", async () => {
    const job = asked(
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw "just a text";
      },
      { retry: noRetries },
    );
    const process = start([job]);
    const { id } = await process.enqueuer.enqueue(job, request());
    const run = await process.runner.execute(id);
    expect(run).toMatchObject({ state: "dead" });
    expect(run!.errors[0]!.message).toContain("just a text");
  });

  it("keeps the message of the database, not the statement with its values", async () => {
    const job = asked(({ db }) => db.execute(sql`select ${"top secret value"} from no_such_table`) as never, {
      retry: noRetries,
    });
    const process = start([job]);
    const { id } = await process.enqueuer.enqueue(job, request());
    const run = await process.runner.execute(id);
    expect(run!.errors[0]!.message).toBe('relation "no_such_table" does not exist');
    expect(JSON.stringify(run!.errors)).not.toContain("top secret value");
  });
});

describe("endings", () => {
  const end = async (thrown: unknown) => {
    const job = asked(async () => {
      throw thrown;
    });
    const process = start([job]);
    const { id } = await process.enqueuer.enqueue(job, request());
    return (await process.runner.execute(id))!;
  };

  it("Cancel is final and not a failure", async () => {
    expect(await end(new Cancel("nothing to do any more"))).toMatchObject({
      state: "cancelled",
      reason: "nothing to do any more",
      errors: [],
    });
  });

  it("Snooze costs no attempt", async () => {
    const run = await end(new Snooze("10m", "not there yet"));
    expect(run).toMatchObject({ state: "retrying", attempt: 1, maxAttempts: 4, notBefore: later(10), errors: [] });
  });

  it("a timeout aborts the signal and is retried", async () => {
    const job = asked(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            reject(new Error("a consequence of the abort, not the cause"));
          });
        }),
      { timeout: "50ms" },
    );
    const process = start([job]);
    const { id } = await process.enqueuer.enqueue(job, request());
    const run = (await process.runner.execute(id))!;
    expect(run.state).toBe("retrying");
    expect(run.errors[0]).toMatchObject({ name: "RunTimeout", class: "transient" });
  });
});

describe("fencing", () => {
  it("a holder whose lease has expired can neither commit nor finish; another process runs it again", async () => {
    const entered = createSignal();
    const wakeUp = createSignal();
    const attempts: number[] = [];
    const job = asked(async (context) => {
      attempts.push(context.run.attempt);
      if (context.run.attempt > 1) return writeEffect(context, "second holder");
      await context.transaction(async (tx) => {
        await tx.execute(sql`insert into effects values (${context.run.id}::uuid, 'first holder')`);
        entered.reach();
        await wakeUp.reached;
      });
    });
    const [sleepy, lively] = [start([job], { leaseMs: 50 }), start([job])];
    const { id } = await sleepy.enqueuer.enqueue(job, request());
    const late = sleepy.runner.execute(id);
    await entered.reached;
    await expect.poll(() => lively.runner.rescueExpiredRuns()).toEqual({ retrying: 1, dead: 0 });
    lively.clock.advance(30_000);
    expect(await lively.runner.execute(id)).toMatchObject({ state: "succeeded", attempt: 2 });
    wakeUp.reach();
    expect((await late)!.state, "the late one sees what became of its run").toBe("succeeded");
    expect(await effectsOf(lively)).toEqual(["second holder"]);
    expect(attempts).toEqual([1, 2]);
    expect(sleepy.log.map(({ message }) => message)).toContain(
      "Completion refused: this process no longer holds the run",
    );
    const run = (await findRun(lively.db, id))!;
    expect(run.errors).toHaveLength(1);
    expect(run.errors[0]).toMatchObject({ name: "LeaseExpired", attempt: 1 });
  });

  it("a heartbeat keeps the lease, so a live holder is never rescued", async () => {
    const entered = createSignal();
    const leave = createSignal();
    const job = asked(async () => {
      entered.reach();
      await leave.reached;
    });
    const [holder, other] = [start([job], { leaseMs: 1_000, heartbeatMs: 50 }), start([job])];
    const { id } = await holder.enqueuer.enqueue(job, request());
    const run = holder.runner.execute(id);
    await entered.reached;
    const [before] = await listRuns(other.db, { limit: 1 });
    await expect
      .poll(async () => (await findRun(other.db, id))!.leaseExpiresAt!.getTime() - before!.leaseExpiresAt!.getTime())
      .toBeGreaterThan(1_000);
    expect(await other.runner.rescueExpiredRuns()).toEqual({ retrying: 0, dead: 0 });
    leave.reach();
    expect((await run)!.state).toBe("succeeded");
  });

  it("a run whose lease expires in its last attempt is dead", async () => {
    const entered = createSignal();
    const leave = createSignal();
    const job = asked(
      async () => {
        entered.reach();
        await leave.reached;
      },
      { retry: noRetries },
    );
    const [gone, other] = [start([job], { leaseMs: 20 }), start([job])];
    const { id } = await gone.enqueuer.enqueue(job, request());
    const late = gone.runner.execute(id);
    await entered.reached;
    await expect.poll(() => other.runner.rescueExpiredRuns()).toEqual({ retrying: 0, dead: 1 });
    expect(await findRun(other.db, id)).toMatchObject({ state: "dead", leaseHolder: null });
    leave.reach();
    expect(await late).toMatchObject({ state: "dead", errors: [{ name: "LeaseExpired" }] });
  });
});

describe("a request", () => {
  it("that does not match the schema is refused with the field, and nothing is stored", async () => {
    const job = asked(async () => undefined);
    const process = start([job]);
    await expect(process.enqueuer.enqueue(job, request({ n: "three", colour: "red" }))).rejects.toThrow(/n: .*colour/s);
    expect(await listRuns(process.db, { limit: 10 })).toEqual([]);
  });

  it("is skipped with the gate's reason when the gate is closed", async () => {
    const job = defineJob({
      id: "asked_sample",
      family,
      summary: "A sample",
      on: manual,
      input: z.strictObject({}),
      gates: [internet],
      run: async () => undefined,
    });
    const process = start([job], { env: { ALLOW_INTERNET_SYNC: "false" } });
    expect(await process.enqueuer.enqueue(job, request())).toMatchObject({
      state: "skipped",
      reasonCode: "internet-sync-disabled",
    });
  });

  it("is executed once, however many workers receive its message", async () => {
    const job = asked(async (context) => writeEffect(context, "once"));
    const all = Array.from({ length: 4 }, () => start([job]));
    const { id } = await all[0]!.enqueuer.enqueue(job, request());
    await Promise.all(Array.from({ length: 40 }, (_, i) => all[i % 4]!.runner.execute(id)));
    expect(await effectsOf(all[0]!)).toEqual(["once"]);
  });

  it("waits while another run holds its concurrency key, and is requeued", async () => {
    const entered = createSignal();
    const leave = createSignal();
    const job = asked(
      async ({ input }) => {
        if (input.n !== 1) return;
        entered.reach();
        await leave.reached;
      },
      { concurrency: ({ n }) => (n < 3 ? "same" : null) },
    );
    const process = start([job]);
    const [one, two, free] = [
      await process.enqueuer.enqueue(job, request({ n: 1 })),
      await process.enqueuer.enqueue(job, request({ n: 2 })),
      await process.enqueuer.enqueue(job, request({ n: 3 })),
    ];
    const first = process.runner.execute(one.id);
    await entered.reached;
    process.dispatched.length = 0;
    expect(await process.runner.execute(two.id)).toBeUndefined();
    expect(process.dispatched).toMatchObject([{ id: two.id }]);
    expect(await process.runner.execute(free.id), "a job without a key is not held up").toMatchObject({
      state: "succeeded",
    });
    leave.reach();
    await first;
    expect(await process.runner.execute(two.id)).toMatchObject({ state: "succeeded" });
  });

  it("whose message was lost is found by the sweep", async () => {
    const job = asked(async () => undefined);
    const process = start([job]);
    const { id } = await process.enqueuer.enqueue(job, request());
    process.dispatched.length = 0;
    expect(await process.runner.dispatchOverdueRuns()).toBe(0);
    process.clock.advance(11_000);
    expect(await process.runner.dispatchOverdueRuns()).toBe(1);
    expect(process.dispatched).toMatchObject([{ id }]);
  });
});

describe("a graceful stop", () => {
  it("lets a short run end, starts no new one, and requeues a long one without spending an attempt", async () => {
    const entered = createSignal();
    const job = asked(
      ({ signal }) =>
        new Promise<void>((_, reject) => {
          entered.reach();
          signal.addEventListener("abort", () => {
            reject(signal.reason as Error);
          });
        }),
    );
    const process = start([job]);
    const { id } = await process.enqueuer.enqueue(job, request());
    const run = process.runner.execute(id);
    await entered.reached;
    await process.runner.drain(20);
    expect(await run).toMatchObject({ state: "retrying", attempt: 1, maxAttempts: 4, errors: [] });
    expect(await process.runner.execute(id)).toBeUndefined();
  });
});

describe("onTransition", () => {
  it("gets every state in the transaction of its change, and rolls the change back when it fails", async () => {
    const seen: string[] = [];
    let fail = false;
    const job = defineJob({
      id: "asked_sample",
      family,
      summary: "A sample",
      on: manual,
      input: z.strictObject({}),
      retry: linear({ retries: 1, delay: "1s" }),
      async onTransition(tx, run: Run) {
        await tx.execute(sql`insert into effects values (${run.id}::uuid, ${run.state})`);
        if (fail) throw new Error("tracking is broken");
        seen.push(run.state);
      },
      run: async ({ run }) => {
        if (run.attempt === 1) throw new Error("first");
      },
    });
    const process = start([job]);
    const { id } = await process.enqueuer.enqueue(job, request());
    await process.runner.execute(id);
    process.clock.advance(1_000);
    await process.runner.execute(id);
    expect(seen).toEqual(["queued", "running", "retrying", "running", "succeeded"]);
    expect(await effectsOf(process)).toEqual([...seen].sort());
    fail = true;
    await expect(process.enqueuer.enqueue(job, request())).rejects.toThrow("tracking is broken");
    expect(await process.db.select().from(jobRuns)).toHaveLength(1);
  });
});

describe("items", () => {
  it("are isolated: one failure is kept with its reason and the others succeed", async () => {
    const job = defineJob({
      id: "asked_sample",
      family,
      summary: "A sample",
      on: manual,
      input: z.strictObject({}),
      items: async () => Array.from({ length: 250 }, (_, i) => i),
      total: async () => 250,
      key: (n: number) => `item-${n}`,
      async each(n, { transaction, run }) {
        return transaction(async (tx) => {
          await tx.execute(sql`insert into effects values (${run.id}::uuid, ${String(n)})`);
          if (n % 2 === 1) throw new InvalidInput([{ field: "n", reason: "is odd" }]);
          return "even";
        });
      },
    });
    const process = start([job]);
    const { id } = await process.enqueuer.enqueue(job, request());
    const run = (await process.runner.execute(id))!;
    expect(run).toMatchObject({ state: "succeeded", result: { even: 125 }, itemFailureCount: 125 });
    expect(run.itemFailures).toHaveLength(100);
    expect(run.itemFailures![0]).toEqual({ key: "item-1", class: "validation", reason: "n: is odd" });
    expect(await effectsOf(process)).toHaveLength(125);
    expect(run.progress).toEqual({ done: 250, total: 250 });
  });
});
