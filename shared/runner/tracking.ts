import { afterCommit } from "#data/after-commit.ts";
import type { Executor, Tx } from "#data/client.ts";
import type { Run } from "#data/platform/schema.ts";
import type { NewRun } from "#data/platform/waiting-runs.ts";
import type { Job } from "#jobs/define-job.ts";
import type { MovedRun, Watch } from "#jobs/run-observer.ts";
import type { RunnerDependencies } from "./dependencies.ts";

type Follower = Pick<Job, "onTransition" | "onGivenUp">;

/**
 * Tells of runs that have just come into their states: the job in the transaction that moved them, so that its own tracking
 * moves with them; those who watch when that has committed.
 */
export async function follow(
  tx: Executor,
  job: Follower | undefined,
  runs: readonly Run[],
  watch: Watch | undefined,
): Promise<void> {
  if (runs.length === 0) return;
  if (job?.onTransition) for (const run of runs) await job.onTransition(tx as Tx, run);
  if (job?.onGivenUp) {
    const givenUp = runs.filter(({ state }) => state === "dead" || state === "cancelled" || state === "skipped");
    if (givenUp.length) await job.onGivenUp(tx as Tx, givenUp);
  }
  if (!watch) return;
  afterCommit(tx, () => {
    watch.moved(runs);
  });
}

/** Writes a run's row and tells of it: in one statement, or in one transaction where the job has something to do in it. */
export async function tracked(
  { db, watch }: Pick<RunnerDependencies, "db" | "watch">,
  job: Follower | undefined,
  write: (db: Executor) => Promise<Run | undefined>,
): Promise<Run | undefined> {
  const both = async (tx: Executor) => {
    const row = await write(tx);
    if (row) await follow(tx, job, [row], watch);
    return row;
  };
  return job?.onTransition || job?.onGivenUp ? db.transaction(both) : both(db);
}

/** A run that has just been put into the ledger, where the statement did not answer with its row. */
export function asQueued(run: NewRun, now: Date): MovedRun {
  return {
    id: run.id,
    jobId: run.jobId,
    family: run.family,
    trigger: run.trigger,
    maxAttempts: run.maxAttempts,
    state: "queued",
    attempt: 0,
    itemFailureCount: 0,
    durationMs: null,
    reason: null,
    progress: null,
    scheduledFor: run.scheduledFor ?? null,
    notBefore: run.notBefore ?? now,
    queuedAt: now,
    startedAt: null,
    finishedAt: null,
  };
}
