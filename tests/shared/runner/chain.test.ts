import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { listRuns } from "#data/platform/job-runs.ts";
import { defineJob, type Job, linear, manual } from "#jobs";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const common = { family: { id: "samples", title: "Samples" }, summary: "A sample", on: manual } as const;

let database: TestDatabase;
let process: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
afterEach(async () => {
  await emptyTables(process.db, ["platform.job_runs"]);
  await process.close();
});

async function run(job: Job, others: readonly Job[]) {
  process = startProcess(database.url, [job, ...others]);
  const { id } = await process.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a test" });
  process.dispatched.length = 0;
  const ended = (await process.runner.execute(id))!;
  return { ended, children: await listRuns(process.db, { limit: 10, trigger: "chain" }) };
}

const second = defineJob({
  ...common,
  id: "second",
  input: z.strictObject({ n: z.int().default(1) }),
  run: async () => undefined,
});

describe("a chain", () => {
  it("enqueues the next job when the first succeeds, as its child, and dispatches it", async () => {
    const first = defineJob({
      ...common,
      id: "first",
      input: z.strictObject({}),
      then: ["second"],
      run: async () => undefined,
    });
    const { ended, children } = await run(first, [second]);
    expect(children).toMatchObject([
      {
        jobId: "second",
        state: "queued",
        parentRunId: ended.id,
        correlationId: ended.correlationId,
        requestedBy: "job:first",
      },
    ]);
    expect(process.dispatched).toMatchObject([{ id: children[0]!.id }]);
    expect(await process.runner.execute(children[0]!.id)).toMatchObject({ state: "succeeded" });
  });

  it("enqueues nothing when the first fails", async () => {
    const first = defineJob({
      ...common,
      id: "first",
      input: z.strictObject({}),
      then: ["second"],
      retry: linear({ retries: 1, delay: "1s" }),
      run: async () => {
        throw new Error("no");
      },
    });
    const { ended, children } = await run(first, [second]);
    expect(ended.state).toBe("retrying");
    expect(children).toEqual([]);
  });
});

describe("enqueue in a transaction", () => {
  it("creates the run when the transaction commits, and none when it rolls back", async () => {
    const first = defineJob({
      ...common,
      id: "first",
      input: z.strictObject({}),
      async run({ transaction, enqueue }) {
        await transaction((tx) => enqueue(tx, "second", { n: 2 }));
        await transaction(async (tx) => {
          await enqueue(tx, "second", { n: 3 });
          throw new Error("rolled back");
        }).catch(() => undefined);
      },
    });
    const { ended, children } = await run(first, [second]);
    expect(ended.state).toBe("succeeded");
    expect(children.map(({ input }) => input)).toEqual([{ n: 2 }]);
    expect(process.dispatched).toHaveLength(1);
  });

  it("refuses an input that does not match, and a job that does not exist", async () => {
    const first = (jobId: string, input: unknown) =>
      defineJob({
        ...common,
        id: "first",
        input: z.strictObject({}),
        run: ({ transaction, enqueue }) => transaction((tx) => enqueue(tx, jobId, input)),
      });
    expect((await run(first("second", { n: "two" }), [second])).ended).toMatchObject({ state: "dead" });
    await process.close();
    const { ended } = await run(first("third", {}), [second]);
    expect(ended.errors.at(-1)!.message).toContain('there is no job "third"');
  });
});
