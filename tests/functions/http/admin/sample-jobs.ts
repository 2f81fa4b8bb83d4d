import { sql } from "drizzle-orm";
import { z } from "zod";
import { defineJob, InvalidInput, manual, noRetries } from "#jobs";

const sample = { family: { id: "samples", title: "Samples" }, summary: "A sample", on: manual, retry: noRetries };

/** What the runs of the sample jobs have done, in order. */
export const done: number[] = [];

/** Does what its input says: it fails when `n` is negative. */
export const sampleJob = defineJob({
  ...sample,
  id: "sample",
  input: z.strictObject({ n: z.int() }),
  run: async ({ input: { n } }) => {
    if (n < 0) throw new Error(`${n} is negative`);
    done.push(n);
  },
});

/** Its check waits for the lock of a table, and refuses odd numbers. */
export const checkedJob = defineJob({
  ...sample,
  id: "zz_checked_sample",
  input: z.strictObject({ n: z.int() }),
  checkInput: async ({ n }, { db }) => {
    await db.execute(sql`select from tasks.reminders`);
    if (n % 2 !== 0) throw new InvalidInput([{ field: "n", reason: "expected an even number" }]);
  },
  run: async () => undefined,
});

export const sampleJobs = [sampleJob, checkedJob];
