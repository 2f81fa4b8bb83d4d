import type { Executor } from "#data/client.ts";
import type { Refusal } from "#data/platform/gate-refusals.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { skipWaitingRuns } from "#data/platform/waiting-runs.ts";
import type { Job } from "#jobs/job.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { hasHooks, runHooks } from "./run-hooks.ts";
import { logOf } from "./run-log.ts";

/** How long a due run waits for a version of the app that has its job. */
const UNKNOWN_JOB_WAITS_MS = 86_400_000;

/** Skips waiting runs of a job that a gate or a setting refuses. */
export async function skipRefused(
  deps: RunnerDependencies,
  job: Job,
  ids: readonly string[],
  refusal: Refusal,
): Promise<void> {
  for (const run of await skip(deps, job, { ids, jobId: job.id }, refusal)) {
    logOf(deps.log, run).info("Skipped", { reason: run.reason });
  }
}

/**
 * Skips a run whose job this version of the app does not have, once it has been due for a day: until then another
 * version may still be deployed, or this one removed.
 */
export async function skipUnknownJob(deps: RunnerDependencies, run: Run): Promise<void> {
  const { log, clock } = deps;
  if (clock.now().getTime() - (run.notBefore ?? run.queuedAt).getTime() < UNKNOWN_JOB_WAITS_MS) {
    logOf(log, run).error("This version of the app has no such job; the run waits up to a day for one that has it");
    return;
  }
  const refusal = { code: "no-such-job", reason: `the app has had no job ${run.jobId} for a day` };
  for (const skipped of await skip(deps, undefined, { ids: [run.id], jobId: run.jobId }, refusal)) {
    logOf(log, skipped).error("Skipped", { reason: refusal.reason });
  }
}

async function skip(
  deps: RunnerDependencies,
  job: Job | undefined,
  which: { readonly ids: readonly string[]; readonly jobId: string },
  refusal: Refusal,
): Promise<Run[]> {
  const { db, clock } = deps;
  const write = async (tx: Executor) => {
    const skipped = await skipWaitingRuns(tx, which, refusal, clock.now());
    await runHooks(deps, tx, job, skipped);
    return skipped;
  };
  return hasHooks(job) ? db.transaction(write) : write(db);
}
