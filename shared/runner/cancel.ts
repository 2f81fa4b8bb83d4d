import { recordAudit } from "#data/platform/audit-log.ts";
import { lockRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { cancelWaitingRun, requestCancel } from "#data/platform/waiting-runs.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { runHooks } from "./run-hooks.ts";

/**
 * Cancels a waiting run at once; a running one gets its signal with the next heartbeat. Audited in the same
 * transaction.
 * @returns the run as it is then; undefined when there is none or it has ended
 */
export async function cancel(
  deps: RunnerDependencies,
  runId: string,
  { reason, who }: { reason: string; who: string },
): Promise<Run | undefined> {
  const { db, clock, findJob } = deps;
  const now = clock.now();
  return db.transaction(async (tx) => {
    // Locked: a run whose attempt ends at this moment is cancelled in its next state, and does not count as ended.
    const found = await lockRun(tx, runId);
    if (!found) return undefined;
    const job = await findJob(found.jobId);
    const cancelled = await cancelWaitingRun(tx, runId, reason, now);
    if (cancelled) await runHooks(deps, tx, job, [cancelled]);
    const run = cancelled ?? (await requestCancel(tx, runId, reason, now));
    if (run) await recordAudit(tx, { at: now, who, action: "run cancelled", subject: `run:${runId}`, reason });
    return run;
  });
}
