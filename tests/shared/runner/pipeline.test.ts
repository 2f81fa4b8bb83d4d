import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { defineJob, event, type Job } from "#jobs";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { createSignal } from "#support/signal.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const common = {
  id: "many_small",
  family: { id: "samples", title: "Samples" },
  summary: "Many small runs",
  on: event({ batch: 50 }),
  input: z.object({ n: z.int() }),
  concurrency: () => null,
};

let database: TestDatabase;
const processes: TestProcess[] = [];
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
afterEach(async () => {
  if (processes[0]) await emptyTables(processes[0].db, ["platform.job_runs"]);
  await Promise.all(processes.splice(0).map(({ close }) => close()));
});

async function started(job: Job, count: number): Promise<{ process: TestProcess; ids: string[] }> {
  const process = startProcess(database.url, [job]);
  processes.push(process);
  const requests = Array.from({ length: count }, (_, n) => ({
    input: { n },
    trigger: "event" as const,
    requestedBy: "a test",
  }));
  return { process, ids: (await process.enqueuer.enqueueMany(process.db, job, requests)).map(({ id }) => id) };
}

/** Work that never ends and does not listen to its signal. */
const deaf = () => new Promise<undefined>(() => undefined);
const givenBack = { state: "retrying", reasonCode: "interrupted", attempt: 1, maxAttempts: 5, errors: [] };

describe("a graceful stop", () => {
  it("requeues runs that ignore their signal", async () => {
    const entered = createSignal();
    const job = defineJob({
      ...common,
      run: () => {
        entered.reach();
        return deaf();
      },
    });
    const { process, ids } = await started(job, 1);
    const runs = process.runner.executeBatch(job, ids);
    await entered.reached;
    await process.runner.drain(0);
    expect(await runs).toMatchObject([givenBack]);
  });

  it("requeues a batch that ignores its signal", async () => {
    const entered = createSignal();
    const job = defineJob({
      ...common,
      runBatch: async () => {
        entered.reach();
        await deaf();
      },
    });
    const { process, ids } = await started(job, 3);
    const runs = process.runner.executeBatch(job, ids);
    await entered.reached;
    await process.runner.drain(0);
    expect(await runs).toMatchObject([givenBack, givenBack, givenBack]);
  });

  it("does not start runs of a batch that wait for their turn", async () => {
    const entered = createSignal();
    let begun = 0;
    const job = defineJob({
      ...common,
      run: ({ signal }) =>
        new Promise<undefined>((_, reject) => {
          begun += 1;
          entered.reach();
          signal.addEventListener("abort", () => {
            reject(signal.reason as Error);
          });
        }),
    });
    const { process, ids } = await started(job, 50);
    const runs = process.runner.executeBatch(job, ids);
    await entered.reached;
    await process.runner.drain(0);
    expect(await runs).toHaveLength(50);
    expect(new Set((await runs).map(({ state }) => state))).toEqual(new Set(["retrying"]));
    expect(begun).toBeLessThan(50);
  });
});
