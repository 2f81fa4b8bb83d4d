import { refusals } from "#data/platform/job-stats.ts";
import { type BlockedJob, heldRuns, jobsWithDueRuns } from "#data/platform/waiting-runs.ts";
import { partialRefusals } from "#jobs/gates.ts";
import { gatedOf, type Job } from "#jobs/job.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { waitedTooLong } from "./requeue.ts";
import { settingsRefusal, settingsRefusals } from "./settings-refusal.ts";

/** Jobs and single runs that a gate refuses. */
interface RefusedWork {
  readonly blocked: BlockedJob[];
  readonly blockedRuns: string[];
}

/**
 * The jobs with due runs, and the single runs, that a gate refuses: they wait without messages.
 * @param overdueMs leaves out runs that became due more recently
 */
export async function refusedWork(deps: RunnerDependencies, overdueMs: number): Promise<RefusedWork> {
  const { db, clock, findJob } = deps;
  const now = clock.now();
  const found = await Promise.all((await jobsWithDueRuns(db, now, overdueMs)).map((id) => findJob(id)));
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
