import { setTimeout as sleep } from "node:timers/promises";
import { refusals } from "#data/platform/job-stats.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { type BlockedJob, dueRuns, heldRuns, jobsWithDueRuns } from "#data/platform/waiting-runs.ts";
import { partialRefusals } from "#jobs/gates.ts";
import { gatedOf, type Job } from "#jobs/job.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { dispatch } from "./dispatch.ts";
import { waitedTooLong } from "./requeue.ts";
import { settingsRefusal, settingsRefusals } from "./settings-refusal.ts";

/** The sweep dispatches runs again that have been due for longer than this. */
const OVERDUE_MS = 10_000;

/** A sweep ends before the next minute's begins. */
const LONGEST_SWEEP_MS = 40_000;

export interface SweepOptions {
  /** Most dispatched runs that wait for a claim at a time. Default 1,000. */
  readonly limit?: number;
  /** Waits before it counts the claimed ones and dispatches as many more. Default: a second. */
  readonly pause?: () => Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * The sweep: dispatches due runs again that no worker has claimed, oldest first. A backlog that workers still claim
 * from its queue is not doubled there: of that, only runs that others overtook. A backlog without messages is
 * dispatched as fast as workers claim it.
 * @returns how many runs
 */
export async function dispatchOverdue(
  deps: RunnerDependencies,
  { limit = 1_000, signal, pause = () => sleep(1_000, undefined, signal && { signal }) }: SweepOptions,
): Promise<number> {
  const refused = await refusedWork(deps);
  const oldest = () => dueRuns(deps.db, { now: deps.clock.now(), overdueMs: OVERDUE_MS, ...refused, limit });
  const found = await oldest();
  if (found.length < limit) return dispatchNow(deps, found);
  await pause();
  let due = await oldest();
  const waits = new Set(due.map(({ id }) => id));
  const left = found.filter(({ id }) => waits.has(id));
  if (left.length < found.length) return dispatchNow(deps, left);

  const until = performance.now() + LONGEST_SWEEP_MS;
  const dispatched = new Set<string>();
  for (;;) {
    // Dispatched runs that no worker has claimed are still among the oldest.
    const others = due.filter(({ id }) => !dispatched.has(id));
    await dispatchNow(deps, others);
    for (const { id } of others) dispatched.add(id);
    if (due.length < limit || others.length === 0 || performance.now() > until) return dispatched.size;
    await pause();
    due = await oldest();
  }
}

/** The jobs with due runs, and the single runs, that a gate refuses: they wait without messages. */
async function refusedWork(deps: RunnerDependencies): Promise<{ blocked: BlockedJob[]; blockedRuns: string[] }> {
  const { db, clock, findJob } = deps;
  const now = clock.now();
  const found = await Promise.all((await jobsWithDueRuns(db, now, OVERDUE_MS)).map((id) => findJob(id)));
  const jobs = found.filter((job) => job !== undefined);
  if (jobs.length === 0) return { blocked: [], blockedRuns: [] };
  const refused = await refusals(db, jobs.map(gatedOf), now);
  const isBlocked = (job: Job) => settingsRefusal(deps, job) !== null || refused.has(job.id);
  const others = await Promise.all(jobs.filter((job) => !isBlocked(job)).map((job) => refusedRuns(deps, job, now)));
  return {
    blocked: jobs.filter(isBlocked).map(({ id, maxLatenessMs }) => ({ id, maxLatenessMs })),
    blockedRuns: others.flat(),
  };
}

/** The runs that a gate of some runs of the job has stopped, and still stops. */
async function refusedRuns(deps: RunnerDependencies, job: Job, now: Date): Promise<string[]> {
  const closed = partialRefusals(job.gates, deps.gates());
  if (closed.length === 0) return [];
  const held = await heldRuns(
    deps.db,
    job.id,
    closed.map(({ refusal }) => refusal.code),
  );
  const refusals = await settingsRefusals(deps, deps.db, job, held);
  return held.flatMap((run, i) => (refusals[i] && !waitedTooLong(job, run, now) ? [run.id] : []));
}

async function dispatchNow(deps: RunnerDependencies, runs: readonly Pick<Run, "id" | "jobId">[]): Promise<number> {
  const now = deps.clock.now();
  await dispatch(
    deps,
    runs.map((run) => ({ ...run, notBefore: now })),
  );
  return runs.length;
}
