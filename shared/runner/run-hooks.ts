import { afterCommit } from "#data/after-commit.ts";
import type { Executor, Tx } from "#data/client.ts";
import type { ItemFailure, Run } from "#data/platform/platform-schema.ts";
import type { NewRun } from "#data/platform/waiting-runs.ts";
import type { Job } from "#jobs/job.ts";
import type { RunStateChange } from "#jobs/run-observer.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { isDiscarded } from "./run-states.ts";

type Hooks = Pick<Job, "onTransition" | "onDiscarded">;

/**
 * Calls the hooks of runs that have just changed their states: the job's in the same transaction, so that its own rows
 * never disagree with the ledger; the observer's after the commit.
 * @param itemFailures by run id: all of an attempt, while a run has only the first ones
 */
export async function runHooks(
  { clock, observer }: Pick<RunnerDependencies, "clock" | "observer">,
  tx: Executor,
  job: Hooks | undefined,
  runs: readonly Run[],
  itemFailures?: ReadonlyMap<string, readonly ItemFailure[]>,
): Promise<void> {
  if (runs.length === 0) return;
  if (job?.onTransition) {
    const now = clock.now();
    for (const run of runs) await job.onTransition(tx as Tx, run, itemFailures?.get(run.id) ?? [], now);
  }
  if (job?.onDiscarded) {
    const discarded = runs.filter(({ state }) => isDiscarded(state));
    if (discarded.length) await job.onDiscarded(tx as Tx, discarded);
  }
  if (!observer) return;
  afterCommit(tx, () => {
    observer.stateChanged(runs);
  });
}

/** Whether a change of a run's state needs a transaction, for the hooks of its job. */
export function hasHooks(job: Hooks | undefined): boolean {
  return job?.onTransition !== undefined || job?.onDiscarded !== undefined;
}

/** Writes a run's row and calls its hooks: in one statement, or in one transaction where the job has hooks. */
export async function writeWithHooks(
  deps: Pick<RunnerDependencies, "db" | "clock" | "observer">,
  job: Hooks | undefined,
  write: (db: Executor) => Promise<Run | undefined>,
): Promise<Run | undefined> {
  const both = async (tx: Executor) => {
    const row = await write(tx);
    if (row) await runHooks(deps, tx, job, [row]);
    return row;
  };
  return hasHooks(job) ? deps.db.transaction(both) : both(deps.db);
}

/** A run that has just been queued, where the statement did not return its row. */
export function asQueued(run: NewRun, now: Date): RunStateChange {
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
