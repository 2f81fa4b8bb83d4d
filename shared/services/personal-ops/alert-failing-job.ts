import { resolveIncidentOf } from "#data/personal-ops/incident-queries.ts";
import { lastOutcomes } from "#data/personal-ops/watched-figures.ts";
import type { JobContext, RunResult } from "#jobs/context.ts";
import { asError } from "#jobs/error-class.ts";
import { redactedText } from "#redaction/redacted-text.ts";
import { reportIncident } from "./report-incident.ts";

/** Failed runs in a row before the person is notified. */
const ALERT_AFTER = 3;
const TYPE = "job_failures";

/**
 * Does the work of a job. From its third failed run in a row on it has an incident, which notifies the person once and
 * is resolved by the next success.
 * @throws what `work` throws
 */
export async function alertingFailures<Result extends RunResult>(
  context: JobContext<unknown>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    const result = await work();
    await resolve(context);
    return result;
  } catch (error) {
    const { run, signal } = context;
    // A run that was cancelled, stopped or taken over has not failed, and neither has one that is retried.
    if (!signal.aborted && run.attempt >= run.maxAttempts) await report(context, asError(error));
    throw error;
  }
}

async function resolve({ transaction, run, clock }: JobContext<unknown>): Promise<void> {
  const over = { type: TYPE, key: run.jobId, by: run.jobId, reason: "a run succeeded", at: clock.now() };
  await transaction((tx) => resolveIncidentOf(tx, over));
}

async function report(context: JobContext<unknown>, error: Error): Promise<void> {
  const { db, run, log, transaction } = context;
  try {
    const earlier = await lastOutcomes(db, { jobId: run.jobId, before: run.id, limit: ALERT_AFTER - 1 });
    if (earlier.filter((state) => state === "dead").length < ALERT_AFTER - 1) return;
    const title = `${run.jobId} failed at least ${ALERT_AFTER} times in a row`;
    const detail = redactedText(error.message, 2_000);
    const cause = { type: TYPE, key: run.jobId, severity: "WARN", title, detail } as const;
    await transaction((tx) => reportIncident(context, tx, cause));
  } catch (unreported) {
    // The failure of the work is the one to report.
    log.error("The failures of a job could not be reported", { error: unreported });
  }
}
