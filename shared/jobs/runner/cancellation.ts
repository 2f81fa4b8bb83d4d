import { recordAudit } from "../../data/platform/audit-log.ts";
import { cancelWaitingRun, requestCancel } from "../../data/platform/waiting-runs.ts";
import { findRun } from "../../data/platform/job-runs.ts";
import type { Run } from "../../data/platform/schema.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { follow } from "./tracking.ts";

/**
 * Cancels a waiting run at once; a running one gets its signal with the next heartbeat. Audited in the same transaction.
 * @returns the run as it is then; undefined when there is none or it has ended
 */
export async function cancel(
  { db, clock, findJob, watch }: RunnerDependencies,
  runId: string,
  { reason, who }: { reason: string; who: string },
): Promise<Run | undefined> {
  const before = await findRun(db, runId);
  const job = before && (await findJob(before.jobId));
  const now = clock.now();
  return db.transaction(async (tx) => {
    const cancelled = await cancelWaitingRun(tx, runId, reason, now);
    if (cancelled) await follow(tx, job, [cancelled], watch);
    const run = cancelled ?? (await requestCancel(tx, runId, reason, now));
    if (run) await recordAudit(tx, { at: now, who, action: "run cancelled", subject: `run:${runId}`, reason });
    return run;
  });
}
