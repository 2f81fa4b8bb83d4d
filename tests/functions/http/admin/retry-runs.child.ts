/** An app process that retries all skipped runs of a family, for a test to kill: database, instant. */
import { catalogueOf } from "#jobs/catalogue.ts";
import { retryRuns } from "#operations/retry-runs.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";
import { sampleJobs } from "./sample-jobs.ts";

const [databaseUrl, now] = process.argv.slice(2);
const { db, enqueuer, clock } = startProcess(databaseUrl!, sampleJobs, { clock: new TestClock(now) });
const page = { after: null, begunAt: clock.now(), limit: 10_000 };
const selection = { filter: { state: "skipped", family: "samples" }, page } as const;
await db.transaction((tx) =>
  retryRuns({ enqueuer, jobs: catalogueOf(sampleJobs) }, tx, selection, {
    requestedBy: "a test",
    idempotencyKey: null,
  }),
);
