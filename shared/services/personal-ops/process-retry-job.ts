import { buryRetryJob, completeRetryJob, lockDueRetryJob, postponeRetryJob } from "#data/personal-ops/retry-jobs.ts";
import type { JobContext } from "#jobs/context.ts";
import { asError, classify, isDatabaseUnavailable, isRetryable } from "#jobs/error-class.ts";
import { redactedText } from "#redaction/redacted-text.ts";
import { retryJobDelay } from "#rules/personal-ops/retry-job-delay.ts";
import { alertPerson } from "./alert-person.ts";
import { handleRetryJob } from "./retry-handlers.ts";

/**
 * Does the work of a due retry job and completes it, in one transaction; a failure is counted in a second one.
 * @returns what happened to it
 * @throws the error of an unavailable database, or of a run that is stopped: the work has no attempt less then
 */
export async function processRetryJob(context: JobContext<unknown>, id: number): Promise<string> {
  try {
    return await context.transaction(async (tx) => {
      const now = context.clock.now();
      const job = await lockDueRetryJob(tx, id, now);
      if (!job) return "taken elsewhere";
      await handleRetryJob(context, tx, job);
      await completeRetryJob(tx, id, now);
      return "completed";
    });
  } catch (error) {
    if (context.signal.aborted || isDatabaseUnavailable(error)) throw error;
    return recordFailure(context, id, asError(error));
  }
}

/** Counts a failed attempt. Bad input is not retried. */
function recordFailure(context: JobContext<unknown>, id: number, error: Error): Promise<string> {
  return context.transaction(async (tx) => {
    const now = context.clock.now();
    const job = await lockDueRetryJob(tx, id, now);
    if (!job) return "taken elsewhere";
    const message = redactedText(error.message, 2_000);
    const attempts = job.attempts + 1;
    if (isRetryable(classify(error)) && attempts < job.maxAttempts) {
      const runAt = new Date(now.getTime() + retryJobDelay(attempts, Math.random()));
      await postponeRetryJob(tx, job, { error: message, runAt });
      return "postponed";
    }
    await buryRetryJob(tx, job, message, now);
    const cause = {
      type: "retry_job_dead",
      key: job.kind,
      severity: "WARN",
      title: `A retry job of the kind ${job.kind} failed for good`,
      detail: `Retry job ${id}, after ${attempts === 1 ? "1 attempt" : `${attempts} attempts`}: ${message}. GET api/personal-ops/dead-letters lists it.`,
    } as const;
    await alertPerson(context, tx, [cause], { about: job.kind });
    return "dead";
  });
}
