import { dueRetryJobs } from "#data/personal-ops/retry-jobs.ts";
import { defineJob, noRetries, schedule, z } from "#jobs";
import { processRetryJob } from "#services/personal-ops/process-retry-job.ts";
import { personalOps } from "../families.ts";

/** Rows of one run: the next run is 30 seconds away. */
const MOST = 10;

/**
 * Does the work of due retry jobs, oldest first, each alone: one that fails returns later, and after its last attempt
 * it is a dead letter. Running twice is safe, also side by side and after a kill: the work of a row commits with its
 * completion, and a locked row is skipped.
 *
 * Runs whose wake-up message was lost are no rows here: `dispatch_overdue_runs` sends them again.
 */
export const processRetryQueue = defineJob({
  id: "process_retry_queue",
  family: personalOps,
  summary: "Retry small pieces of work until they succeed, or move them to the dead letters",
  on: schedule("*/30 * * * * *", "UTC"),
  input: z.strictObject({}),
  retry: noRetries,
  timeout: "2m",
  // A killed run of this job must not block the next one.
  concurrency: () => null,

  items: ({ db, clock }) => dueRetryJobs(db, clock.now(), MOST),
  key: String,
  each: (id, context) => processRetryJob(context, id),
});
