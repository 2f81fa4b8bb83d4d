import type { Executor } from "#data/client.ts";
import { gateRefusal } from "#data/platform/gate-refusals.ts";
import { pausedUntil } from "#data/platform/pauses.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { type UnclaimedRun, unclaimedRuns } from "#data/platform/run-claims.ts";
import { cancelWaitingRun, holdWaitingRuns } from "#data/platform/waiting-runs.ts";
import type { Refusal } from "#jobs/gates.ts";
import { gatedOf, type Job, pauseScopesOf } from "#jobs/job.ts";
import { inWords } from "#schedule/duration.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { dispatch, type WaitingRun } from "./dispatch.ts";
import { requeueDelay } from "./requeue-delay.ts";
import { writeWithHooks } from "./run-hooks.ts";
import { settingsRefusals } from "./settings-refusal.ts";
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
  const byRefusal = await groupByRefusal(deps, job, due, now);
  const atEndOfPause: WaitingRun[] = [];
  for (const [refusal, refused] of byRefusal) {
    const runs = refused.map(({ run }) => run);
    if (refusal) atEndOfPause.push(...(await requeueRefused(deps, job, { runs, refusal, now })));
  }
  await dispatch(deps, [
    ...misrouted.map(({ run }) => run),
    ...[...(byRefusal.get(null) ?? []), ...early].flatMap(({ run, isFirstInLine }) =>
      requeueDelay(run, { isFirstInLine, now }),
    ),
    ...atEndOfPause,
  ]);
}

/** Due runs by the refusal of the first closed gate; null: no gate refuses them. */
async function groupByRefusal(
  deps: RunnerDependencies,
  job: Job,
  due: readonly UnclaimedRun[],
  now: Date,
): Promise<Map<Refusal | null, UnclaimedRun[]>> {
  if (due.length === 0) return new Map();
  const { db } = deps;
  const runs = due.map(({ run }) => run);
  const bySettings = await settingsRefusals(deps, db, job, runs);
  const byDatabase = bySettings.includes(null) ? await gateRefusal(db, gatedOf(job), now) : null;
  return Map.groupBy(due, (_, i) => bySettings[i] ?? byDatabase);
}

/** Keeps the runs waiting, with the reason in the ledger. @returns those that start at the end of a pause */
async function requeueRefused(
  deps: RunnerDependencies,
  job: Job,
  { runs, refusal, now }: { readonly runs: readonly Run[]; readonly refusal: Refusal; readonly now: Date },
): Promise<WaitingRun[]> {
  const { late = [], held = [] } = Object.groupBy(runs, (run) => (waitedTooLong(job, run, now) ? "late" : "held"));
  if (late.length > 0) {
    const code = "too-late";
    const reason = `${refusal.reason}, for longer than the ${inWords(job.maxLatenessMs!)} that this job allows`;
    await skipRefused(deps, job, idsOf(late), { code, reason });
  }
  // What opens the gate dispatches them, and so does the sweep: a message that returns again and again is of no use.
  if (held.length > 0) await hold(deps, job, idsOf(held), refusal);
  if (refusal.code !== "paused") return [];
  const until = await pausedUntil(deps.db, pauseScopesOf(job), now);
  return until ? held.map((run) => ({ ...run, notBefore: until })) : [];
}

/** Stores why runs wait, and calls the hook of the family for those that did not have the reason before. */
async function hold({ db, clock }: RunnerDependencies, job: Job, ids: string[], refusal: Refusal): Promise<void> {
  const { onHeld } = job.family;
  const store = (tx: Executor) => holdWaitingRuns(tx, { ids, jobId: job.id }, refusal, clock.now());
  if (!onHeld) {
    await store(db);
    return;
  }
  await db.transaction(async (tx) => {
    const held = await store(tx);
    if (held.length > 0) await onHeld(tx, held, refusal, clock.now());
  });
}

/** Whether a refused run waited for longer than its job allows. A backfill waits for as long as it takes. */
export function waitedTooLong(
  { maxLatenessMs }: Pick<Job, "maxLatenessMs">,
  { backfillId, notBefore, queuedAt }: Pick<Run, "backfillId" | "notBefore" | "queuedAt">,
  now: Date,
): boolean {
  if (maxLatenessMs === null || backfillId !== null) return false;
  return now.getTime() - (notBefore ?? queuedAt).getTime() > maxLatenessMs;
}

function idsOf(runs: readonly Run[]): string[] {
  return runs.map(({ id }) => id);
}
