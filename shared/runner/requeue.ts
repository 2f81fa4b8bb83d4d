import { gateRefusal } from "#data/platform/gate-refusals.ts";
import { pausedUntil } from "#data/platform/pauses.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { unclaimedRuns } from "#data/platform/run-claims.ts";
import { cancelWaitingRun } from "#data/platform/waiting-runs.ts";
import type { Refusal } from "#jobs/gates.ts";
import { gatedOf, type Job } from "#jobs/job.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { dispatch, type WaitingRun } from "./dispatch.ts";
import { requeueDelay } from "./requeue-delay.ts";
import { writeWithHooks } from "./run-hooks.ts";
import { skipRefused } from "./skip.ts";

/**
 * Dispatches runs of a job again that a claim left waiting, each for the time at which it may start: it is not due, a
 * gate is closed, it is paused, or another run holds its concurrency key.
 */
export async function requeue(deps: RunnerDependencies, job: Job, runIds: readonly string[]): Promise<void> {
  if (runIds.length === 0) return;
  const { db, clock } = deps;
  const now = clock.now();
  const left = await unclaimedRuns(db, runIds, now);
  const {
    misrouted = [],
    cancelled = [],
    due = [],
    early = [],
  } = Object.groupBy(left, ({ run }) => {
    // Its message was in the queue of another job: it goes to its own, and the gates of this job are not asked.
    if (run.jobId !== job.id) return "misrouted";
    // A person cancelled it while it ran, and that attempt failed before its next heartbeat.
    if (run.cancelRequestedAt) return "cancelled";
    return run.notBefore === null || run.notBefore <= now ? "due" : "early";
  });
  for (const { run } of cancelled) {
    const reason = run.reason ?? "cancelled on request";
    await writeWithHooks(deps, job, (tx) => cancelWaitingRun(tx, run.id, reason, clock.now()));
  }
  const refusal = due.length ? await gateRefusal(db, gatedOf(job), now) : null;
  const waiting = refusal ? early : [...due, ...early];
  const refused = refusal ? due.map(({ run }) => run) : [];
  await dispatch(deps, [
    ...misrouted.map(({ run }) => run),
    ...waiting.flatMap(({ run, isFirstInLine }) => requeueDelay(run, { isFirstInLine, now })),
    ...(refusal ? await requeueRefused(deps, job, { runs: refused, refusal, now }) : []),
  ]);
}

/** @returns the runs that start when a pause ends */
async function requeueRefused(
  deps: RunnerDependencies,
  job: Job,
  { runs, refusal, now }: { readonly runs: readonly Run[]; readonly refusal: Refusal; readonly now: Date },
): Promise<WaitingRun[]> {
  if (refusal.code === "paused") {
    // Paused runs wait. Without an end of the pause, `resume` dispatches them: a message that returns again and again
    // is of no use.
    const until = await pausedUntil(deps.db, pauseScopesOf(job), now);
    return until ? runs.map((run) => ({ ...run, notBefore: until })) : [];
  }
  // Every other gate ends the run, with the reason. A run of a backfill waits: nothing hurries it.
  const ids = runs.flatMap(({ id, backfillId }) => (backfillId ? [] : id));
  if (ids.length > 0) await skipRefused(deps, job, ids, refusal);
  return [];
}

/** The scopes whose pause stops the job. */
function pauseScopesOf({ id, family }: Job): string[] {
  return ["all", `family:${family.id}`, `job:${id}`];
}
