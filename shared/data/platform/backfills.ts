import { and, count, desc, eq, inArray, sql } from "drizzle-orm";
import type { Db, Executor, Tx } from "../client.ts";
import { type Backfill, backfills } from "./control-schema.ts";
import { jobRuns, type Run, type RunState } from "./platform-schema.ts";
import type { NewRun } from "./waiting-runs.ts";

/** @returns false while another backfill of the job is running */
export async function insertBackfill(tx: Tx, backfill: typeof backfills.$inferInsert): Promise<boolean> {
  const inserted = await tx.insert(backfills).values(backfill).onConflictDoNothing().returning({ id: backfills.id });
  return inserted.length > 0;
}

/** The running backfill of a job, otherwise its last one. */
export async function lastBackfill(db: Executor, jobId: string): Promise<Backfill | undefined> {
  const [row] = await db
    .select()
    .from(backfills)
    .where(eq(backfills.jobId, jobId))
    .orderBy(desc(sql`state = 'running'`), desc(backfills.id))
    .limit(1);
  return row;
}

export async function runningBackfills(db: Db): Promise<Pick<Backfill, "id" | "jobId">[]> {
  return db.select({ id: backfills.id, jobId: backfills.jobId }).from(backfills).where(eq(backfills.state, "running"));
}

/** Locks a running backfill to enqueue its next slot. Undefined while another transaction has the lock. */
export async function lockBackfill(tx: Tx, id: string): Promise<Backfill | undefined> {
  const [row] = await tx
    .select()
    .from(backfills)
    .where(and(eq(backfills.id, id), eq(backfills.state, "running")))
    .for("update", { skipLocked: true });
  return row;
}

export async function saveProcessed(tx: Tx, id: string, processed: number): Promise<void> {
  await tx.update(backfills).set({ processed }).where(eq(backfills.id, id));
}

/** @returns the ended backfill; undefined when it was not running */
export async function endBackfill(
  tx: Tx,
  id: string,
  state: "done" | "aborted",
  now: Date,
): Promise<Backfill | undefined> {
  const [row] = await tx
    .update(backfills)
    .set({ state, endedAt: now })
    .where(and(eq(backfills.id, id), eq(backfills.state, "running")))
    .returning();
  return row;
}

/** The number of runs of a backfill by state. */
export async function countBackfillRuns(db: Executor, id: string): Promise<Partial<Record<RunState, number>>> {
  const rows = await db
    .select({ state: jobRuns.state, runs: count() })
    .from(jobRuns)
    .where(eq(jobRuns.backfillId, id))
    .groupBy(jobRuns.state);
  return Object.fromEntries(rows.map(({ state, runs }) => [state, runs]));
}

/** The waiting and running runs of a backfill. */
export async function unfinishedBackfillRuns(tx: Executor, id: string): Promise<Pick<Run, "id" | "state">[]> {
  return tx
    .select({ id: jobRuns.id, state: jobRuns.state })
    .from(jobRuns)
    .where(and(eq(jobRuns.backfillId, id), inArray(jobRuns.state, ["queued", "running", "retrying"])));
}

/** The slots that need no run: a run for the slot succeeded, waits or runs. */
export async function coveredSlots(db: Executor, jobId: string, slots: readonly Date[]): Promise<Set<number>> {
  if (slots.length === 0) return new Set();
  const [from, to] = [slots[0]!.toISOString(), slots.at(-1)!.toISOString()];
  const rows = await db.execute<{ slot: string }>(sql`
    select (extract(epoch from slot) * 1000)::bigint::text as slot from (
      select scheduled_for as slot, state from ${jobRuns}
       where job_id = ${jobId} and scheduled_for between ${from}::timestamptz and ${to}::timestamptz
      union all
      select as_of, state from ${jobRuns}
       where job_id = ${jobId} and as_of is not null and as_of between ${from}::timestamptz and ${to}::timestamptz
    ) run
    where state in ('succeeded', 'queued', 'running', 'retrying')`);
  return new Set([...rows].map(({ slot }) => Number(slot)));
}

/**
 * Inserts a waiting run for a slot: with the slot's identity if no run has it. Otherwise the run has the same `asOf`,
 * and the failed run of the slot as its parent.
 */
export async function insertBackfillRun(
  tx: Tx,
  run: NewRun & { readonly scheduledFor: Date },
  { backfillId, notBefore, now }: { backfillId: string; notBefore: Date; now: Date },
): Promise<Run> {
  const row = { ...run, backfillId, state: "queued" as const, queuedAt: now, notBefore };
  const [own] = await tx.insert(jobRuns).values(row).onConflictDoNothing().returning();
  if (own) return own;
  const [before] = await tx
    .select({ id: jobRuns.id })
    .from(jobRuns)
    .where(and(eq(jobRuns.jobId, run.jobId), eq(jobRuns.scheduledFor, run.scheduledFor)));
  const [again] = await tx
    .insert(jobRuns)
    .values({ ...row, scheduledFor: null, asOf: run.scheduledFor, parentRunId: before?.id ?? null })
    .returning();
  return again!;
}

/** Whether the job has due waiting runs outside of backfills. */
export async function hasOtherDueRuns(tx: Executor, jobId: string, now: Date): Promise<boolean> {
  const [row] = await tx.execute(sql`
    select from ${jobRuns}
     where job_id = ${jobId} and state in ('queued', 'retrying') and backfill_id is null
       and not_before <= ${now.toISOString()}::timestamptz limit 1`);
  return row !== undefined;
}
