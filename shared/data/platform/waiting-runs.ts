import { and, asc, eq, inArray, lte, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Db, Executor } from "../client.ts";
import type { Refusal } from "./gate-refusals.ts";
import { type RawRun, runOf } from "./run-row.ts";
import { jobRuns, type Run } from "./platform-schema.ts";
import { auditLog, pauses } from "./control-schema.ts";

export type NewRun = Pick<
  Run,
  "id" | "jobId" | "family" | "trigger" | "input" | "maxAttempts" | "concurrencyKey" | "correlationId"
> &
  Partial<
    Pick<Run, "scheduledFor" | "asOf" | "notBefore" | "parentRunId" | "backfillId" | "requestedBy" | "idempotencyKey">
  >;

/** A run that waits for a worker. */
export async function insertQueuedRun(db: Executor, run: NewRun, now: Date): Promise<Run> {
  const [row] = await db
    .insert(jobRuns)
    .values({ ...run, state: "queued", queuedAt: now, notBefore: run.notBefore ?? now })
    .returning();
  return row!;
}

/** Many runs of one job that wait for a worker, in one statement. */
export async function insertQueuedRuns(db: Executor, runs: readonly NewRun[], now: Date): Promise<void> {
  const rows = runs.map((run) => ({ ...run, notBefore: run.notBefore ?? now }));
  await db.execute(sql`
    insert into ${jobRuns} (id, job_id, family, trigger, state, input, max_attempts, not_before, queued_at, concurrency_key,
                            correlation_id, parent_run_id, requested_by)
    select id, "jobId", family, trigger, 'queued', input, "maxAttempts", "notBefore", ${now.toISOString()}::timestamptz,
           "concurrencyKey", "correlationId", "parentRunId", "requestedBy"
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
           as run(id uuid, "jobId" text, family text, trigger text, input jsonb, "maxAttempts" integer, "notBefore" timestamptz,
                  "concurrencyKey" text, "correlationId" text, "parentRunId" uuid, "requestedBy" text)`);
}

/** Runs that repeat others. One whose repeat still waits or runs is left out: the database lets a single one live. */
export async function insertRepeats(db: Executor, runs: readonly NewRun[], now: Date): Promise<Run[]> {
  if (runs.length === 0) return [];
  return db
    .insert(jobRuns)
    .values(runs.map((run) => ({ ...run, state: "queued" as const, queuedAt: now, notBefore: now })))
    .onConflictDoNothing()
    .returning();
}

/** The repeat of a run that still waits or runs. */
export async function unfinishedRepeatOf(db: Executor, runId: string): Promise<Run | undefined> {
  const [row] = await db
    .select()
    .from(jobRuns)
    .where(
      and(
        eq(jobRuns.parentRunId, runId),
        inArray(jobRuns.trigger, ["retry", "replay"]),
        inArray(jobRuns.state, ["queued", "running", "retrying"]),
      ),
    );
  return row;
}

/** Makes a waiting run due. @returns undefined when it does not wait */
export async function makeRunDue(db: Executor, id: string, now: Date): Promise<Run | undefined> {
  const [row] = await db
    .update(jobRuns)
    .set({ notBefore: now })
    .where(and(eq(jobRuns.id, id), inArray(jobRuns.state, ["queued", "retrying"])))
    .returning();
  return row;
}

/** A run that a gate refused: it stands in the ledger with the reason and never starts. */
export async function insertSkippedRun(
  db: Executor,
  run: NewRun,
  { code, reason }: Refusal,
  now: Date,
): Promise<Run | undefined> {
  const [row] = await db
    .insert(jobRuns)
    .values({ ...run, state: "skipped", queuedAt: now, finishedAt: now, reason, reasonCode: code })
    .onConflictDoNothing()
    .returning();
  return row;
}

/** Ends waiting runs of one job that a gate stops, in one statement. Stops by the kill switch are audited in it. @returns those that did wait */
export async function skipWaitingRuns(
  db: Executor,
  { ids, jobId }: { readonly ids: readonly string[]; readonly jobId: string },
  { code, reason }: Refusal,
  now: Date,
): Promise<Run[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const rows = await db.execute<RawRun>(sql`
    with waiting as (
      select id from ${jobRuns}
       where id = any (${plainArray(ids)}::uuid[]) and job_id = ${jobId} and state in ('queued', 'retrying')
       -- In one order for all who end or claim the same ones.
       order by id for update
    ),
    skipped as (
      update ${jobRuns} r
         set state = 'skipped', finished_at = ${at}, not_before = null, reason = ${reason}, reason_code = ${code}
        from waiting where r.id = waiting.id
      returning r.*
    ),
    audited as (
      insert into ${auditLog} (at, who, action, subject, reason)
      select ${at}, 'gate', 'run blocked', 'job:' || job_id, reason from skipped where reason_code = 'kill-switch'
    )
    select * from skipped`);
  return [...rows].map(runOf);
}

/** Cancels a run that has not started. A running one only gets the request, which its next heartbeat sees. */
export async function cancelWaitingRun(db: Executor, id: string, reason: string, now: Date): Promise<Run | undefined> {
  const [row] = await db
    .update(jobRuns)
    .set({ state: "cancelled", finishedAt: now, reason, reasonCode: "cancelled", notBefore: null })
    .where(and(eq(jobRuns.id, id), inArray(jobRuns.state, ["queued", "retrying"])))
    .returning();
  return row;
}

/** Asks a running run to stop: its holder's next heartbeat sees it. @returns undefined when it is not running */
export async function requestCancel(db: Executor, id: string, reason: string, now: Date): Promise<Run | undefined> {
  const [row] = await db
    .update(jobRuns)
    .set({ cancelRequestedAt: now, reason })
    .where(and(eq(jobRuns.id, id), eq(jobRuns.state, "running")))
    .returning();
  return row;
}

/**
 * Waiting runs whose time has come, that nothing pauses and whose key is free, oldest first. `overdueMs` leaves out those that their
 * own message still carries.
 */
export async function dueRuns(
  db: Db,
  now: Date,
  overdueMs: number,
  limit: number,
): Promise<Pick<Run, "id" | "jobId">[]> {
  return db
    .select({ id: jobRuns.id, jobId: jobRuns.jobId })
    .from(jobRuns)
    .where(
      and(
        inArray(jobRuns.state, ["queued", "retrying"]),
        lte(jobRuns.notBefore, new Date(now.getTime() - overdueMs)),
        // What is paused would only take the place of what can run.
        sql`not exists (select from ${pauses} p
          where p.scope in ('all', 'family:' || ${jobRuns.family}, 'job:' || ${jobRuns.jobId})
            and (p.until is null or p.until > ${now.toISOString()}::timestamptz))`,
        // So would a long line for one key. Whoever holds it rouses the next.
        sql`not exists (select from ${jobRuns} rival
          where rival.job_id = ${jobRuns.jobId} and rival.state = 'running' and rival.concurrency_key = ${jobRuns.concurrencyKey})`,
      ),
    )
    .orderBy(asc(jobRuns.notBefore), asc(jobRuns.id))
    .limit(limit);
}
