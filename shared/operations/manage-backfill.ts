import type { Db, Executor, Tx } from "#data/client.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import {
  coveredSlots,
  endBackfill,
  insertBackfill,
  lastBackfill,
  unfinishedBackfillRuns,
} from "#data/platform/backfills.ts";
import type { Backfill } from "#data/platform/control-schema.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { jobScope } from "#data/platform/scope.ts";
import { rowId } from "#data/row-ids.ts";
import type { Job } from "#jobs/job.ts";
import type { Runner } from "#runner/runner.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Schedule } from "#schedule/index.ts";
import { backfillSlots } from "./backfill-range.ts";

/** The slots of a past range. */
export interface BackfillPlan {
  readonly from: Date;
  readonly to: Date;
  /** Slots without a successful run, oldest first: a backfill runs these. */
  readonly missing: readonly Date[];
  readonly counts: { readonly slots: number; readonly done: number; readonly missing: number };
}

/**
 * Finds the slots that a backfill of a range would run.
 * @param range both ends are included
 * @throws InvalidInput when the range is reversed, reaches into the future, or has more than 10,000 slots
 */
export async function planBackfill(
  { db, clock }: { db: Executor; clock: Clock },
  { job, schedule }: { job: Job; schedule: Schedule },
  { from, to }: { from: Date; to: Date },
): Promise<BackfillPlan> {
  const slots = backfillSlots(schedule, { from, to }, clock.now());
  const done = await coveredSlots(db, job.id, slots);
  const missing = slots.filter((slot) => !done.has(slot.getTime()));
  const counts = { slots: slots.length, done: slots.length - missing.length, missing: missing.length };
  return { from, to, missing, counts };
}

/**
 * Starts a backfill in the caller's transaction, with its first run. Dispatch the run after the commit.
 * @returns null when a backfill of the job is already running; `run` is undefined when a gate or a pause stops the job
 *   now
 */
export async function startBackfill(
  { runner, clock }: { runner: Pick<Runner, "backfills">; clock: Clock },
  tx: Tx,
  job: Job,
  { from, to, missing, counts }: BackfillPlan,
  { who, reason }: { who: string; reason: string | null },
): Promise<{ id: string; run: Run | undefined } | null> {
  const now = clock.now();
  const id = rowId(now);
  const isFirst = await insertBackfill(tx, {
    id,
    jobId: job.id,
    fromSlot: from,
    toSlot: to,
    state: "running",
    requestedBy: who,
    requestedAt: now,
    reason,
    slots: missing.map((slot) => slot.toISOString()),
  });
  if (!isFirst) return null;
  await recordAudit(tx, {
    at: now,
    who,
    action: "backfill started",
    subject: jobScope(job.id),
    reason,
    after: { backfill: id, from, to, ...counts },
  });
  return { id, run: await runner.backfills.enqueueNextSlot(tx, job, id) };
}

/**
 * Aborts the backfill of a job: it takes no further slot, and its waiting run is cancelled. A run that is running ends
 * as usual.
 * @returns undefined when the job has had no backfill; `isAborted` is false when the last one had already ended
 */
export async function abortBackfill(
  { db, runner, clock }: { db: Db; runner: Pick<Runner, "cancel">; clock: Clock },
  jobId: string,
  { who, reason }: { who: string; reason: string | null },
): Promise<{ backfill: Backfill; isAborted: boolean } | undefined> {
  const now = clock.now();
  const last = await lastBackfill(db, jobId);
  if (!last) return undefined;
  const aborted = await db.transaction(async (tx) => {
    const ended = await endBackfill(tx, last.id, "aborted", now);
    if (!ended) return undefined;
    await recordAudit(tx, {
      at: now,
      who,
      action: "backfill aborted",
      subject: jobScope(jobId),
      reason,
      after: { backfill: last.id, processed: ended.processed },
    });
    return ended;
  });
  if (!aborted) return { backfill: last, isAborted: false };
  for (const { id, state } of await unfinishedBackfillRuns(db, last.id)) {
    if (state !== "running") await runner.cancel(id, { reason: reason ?? "its backfill was aborted", who });
  }
  return { backfill: aborted, isAborted: true };
}
