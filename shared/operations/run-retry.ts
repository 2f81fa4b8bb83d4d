import type { Tx } from "#data/client.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import { lockRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { makeRunDue, unfinishedRepeatOf } from "#data/platform/waiting-runs.ts";
import type { InvalidInput } from "#jobs/endings.ts";
import type { Job } from "#jobs/job.ts";
import type { Enqueuer } from "#runner/enqueue.ts";
import type { Clock } from "#schedule/clock.ts";
import { repeatRuns } from "./repeat-runs.ts";

/** What a retry by hand did. `started`: the run to dispatch after the commit, the old one when that still waited. */
export type RetryResult =
  | { readonly kind: "started"; readonly run: Run }
  | { readonly kind: "not-found" }
  | { readonly kind: "not-retryable"; readonly state: Run["state"] }
  | { readonly kind: "repeat-is-live"; readonly repeat: Pick<Run, "id" | "state"> }
  | { readonly kind: "invalid-input"; readonly issues: InvalidInput["issues"] };

/**
 * Retries a run by hand in the caller's transaction: a waiting run becomes due now, a dead, cancelled or skipped one
 * gets a new run with the same input. Audited.
 * @param findJob finds the run's job; what it throws goes to the caller
 */
export async function retryRun(
  { enqueuer, clock }: { enqueuer: Pick<Enqueuer, "checkedRun" | "enqueueRepeats">; clock: Clock },
  tx: Tx,
  id: string,
  { findJob, ...by }: { findJob: (id: string) => Promise<Job>; who: string; reason: string | null },
): Promise<RetryResult> {
  const now = clock.now();
  const audit = (after: Partial<Run>) =>
    recordAudit(tx, { at: now, ...by, action: "run retried", subject: `run:${id}`, after });
  // The lock waits for an attempt that ends right now: the state read here is the one after it.
  const old = await lockRun(tx, id);
  if (!old) return { kind: "not-found" };
  const hastened = await makeRunDue(tx, id, now);
  if (hastened) {
    await audit({ notBefore: now });
    return { kind: "started", run: hastened };
  }
  if (old.state !== "dead" && old.state !== "cancelled" && old.state !== "skipped") {
    return { kind: "not-retryable", state: old.state };
  }
  const job = await findJob(old.jobId);
  const { runs, refused } = await repeatRuns({ enqueuer }, tx, job, [old], { trigger: "retry", requestedBy: by.who });
  const [run] = runs;
  if (run) {
    await audit({ id: run.id });
    return { kind: "started", run };
  }
  const live = await unfinishedRepeatOf(tx, id);
  if (live) return { kind: "repeat-is-live", repeat: live };
  return { kind: "invalid-input", issues: refused[0]?.issues ?? [] };
}
