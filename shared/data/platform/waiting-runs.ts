import { and, asc, eq, inArray, lte, ne, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Db, Executor } from "../client.ts";
import { auditLog } from "./control-schema.ts";
import type { Refusal } from "./gate-refusals.ts";
import { jobRuns, type Run } from "./platform-schema.ts";
import { type RawRun, runOf } from "./run-row.ts";

export type NewRun = Pick<
  Run,
  "id" | "jobId" | "family" | "trigger" | "input" | "maxAttempts" | "concurrencyKey" | "correlationId"
> &
  Partial<
    Pick<Run, "scheduledFor" | "asOf" | "notBefore" | "parentRunId" | "backfillId" | "requestedBy" | "idempotencyKey">
  >;

/** Inserts a waiting run. */
export async function insertQueuedRun(db: Executor, run: NewRun, now: Date): Promise<Run> {
  const [row] = await db
    .insert(jobRuns)
    .values({ ...run, state: "queued", queuedAt: now, notBefore: run.notBefore ?? now })
    .returning();
  return row!;
}

/** Inserts many waiting runs of one job in one statement. */
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

/** Makes a waiting run due now. @returns undefined when it is not waiting */
export async function makeRunDue(db: Executor, id: string, now: Date): Promise<Run | undefined> {
  const [row] = await db
    .update(jobRuns)
    .set({ notBefore: now })
    .where(and(eq(jobRuns.id, id), inArray(jobRuns.state, ["queued", "retrying"])))
    .returning();
  return row;
}

/** Inserts a run that a gate refused: recorded as skipped, with the reason. */
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

/**
 * Skips waiting runs of one job that a gate refuses, in one statement. It also audits refusals of the kill switch.
 * @returns the skipped runs
 */
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
       -- The same lock order as claims, so that the two cannot deadlock.
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

/**
 * Stores why due runs of one job keep waiting, in one statement; runs that have the reason are not written again. It
 * also audits refusals of the kill switch.
 * @returns the runs that did not have the reason before
 */
export async function holdWaitingRuns(
  db: Executor,
  { ids, jobId }: { readonly ids: readonly string[]; readonly jobId: string },
  { code, reason }: Refusal,
  now: Date,
): Promise<Pick<Run, "id" | "jobId" | "attempt">[]> {
  const rows = await db.execute<Pick<Run, "id" | "jobId" | "attempt">>(sql`
    with waiting as (
      select id from ${jobRuns}
       where id = any (${plainArray(ids)}::uuid[]) and job_id = ${jobId} and state in ('queued', 'retrying')
         and cancel_requested_at is null and (reason_code, reason) is distinct from (${code}::text, ${reason}::text)
       -- The same lock order as claims, so that the two cannot deadlock.
       order by id for update
    ),
    held as (
      update ${jobRuns} r set reason = ${reason}, reason_code = ${code} from waiting where r.id = waiting.id
      returning r.id, r.job_id, r.attempt
    ),
    audited as (
      insert into ${auditLog} (at, who, action, subject, reason)
      select ${now.toISOString()}::timestamptz, 'gate', 'run blocked', 'job:' || job_id, ${reason}::text
        from held where ${code}::text = 'kill-switch'
    )
    select id, job_id as "jobId", attempt from held`);
  return [...rows];
}

/** Cancels a waiting run. @returns undefined when it is not waiting */
export async function cancelWaitingRun(db: Executor, id: string, reason: string, now: Date): Promise<Run | undefined> {
  const [row] = await db
    .update(jobRuns)
    .set({ state: "cancelled", finishedAt: now, reason, reasonCode: "cancelled", notBefore: null })
    .where(and(eq(jobRuns.id, id), inArray(jobRuns.state, ["queued", "retrying"])))
    .returning();
  return row;
}

/**
 * Requests cancellation of a running run: the next heartbeat of its process reads it.
 * @returns undefined when it is not running
 */
export async function requestCancel(db: Executor, id: string, reason: string, now: Date): Promise<Run | undefined> {
  const [row] = await db
    .update(jobRuns)
    .set({ cancelRequestedAt: now, reason })
    .where(and(eq(jobRuns.id, id), eq(jobRuns.state, "running")))
    .returning();
  return row;
}

/** The inputs of runs. Runs that the ledger does not have are left out. */
export async function inputsOf(db: Executor, ids: readonly string[]): Promise<Pick<Run, "id" | "input">[]> {
  return db
    .select({ id: jobRuns.id, input: jobRuns.input })
    .from(jobRuns)
    .where(sql`${jobRuns.id} = any (${plainArray(ids)}::uuid[])`);
}

/** The waiting runs of a job whose stored reason for waiting has one of the codes. */
export async function heldRuns(
  db: Db,
  jobId: string,
  codes: readonly string[],
): Promise<Pick<Run, "id" | "input" | "notBefore" | "queuedAt" | "backfillId">[]> {
  return db
    .select({
      id: jobRuns.id,
      input: jobRuns.input,
      notBefore: jobRuns.notBefore,
      queuedAt: jobRuns.queuedAt,
      backfillId: jobRuns.backfillId,
    })
    .from(jobRuns)
    .where(
      and(
        eq(jobRuns.jobId, jobId),
        inArray(jobRuns.state, ["queued", "retrying"]),
        inArray(jobRuns.reasonCode, [...codes]),
      ),
    );
}

/** A job that a gate refuses now. */
export interface BlockedJob {
  readonly id: string;
  /** How long its runs wait for the gate; null: as long as it is closed. */
  readonly maxLatenessMs: number | null;
}

/** The jobs that have due waiting runs. */
export async function jobsWithDueRuns(db: Db, now: Date, overdueMs: number): Promise<string[]> {
  const rows = await db.selectDistinct({ jobId: jobRuns.jobId }).from(jobRuns).where(isDue(now, overdueMs));
  return rows.map(({ jobId }) => jobId);
}

/**
 * The jobs with a running run that did not start at its slot: a message or a request started it.
 * @param except leaves out the runs of this lease holder
 */
export async function jobsWithDispatchedRuns(db: Db, { except }: { except: string }): Promise<string[]> {
  const isElsewhere = sql`${jobRuns.leaseHolder} is distinct from ${except}`;
  const rows = await db
    .selectDistinct({ jobId: jobRuns.jobId })
    .from(jobRuns)
    .where(and(eq(jobRuns.state, "running"), ne(jobRuns.trigger, "schedule"), isElsewhere));
  return rows.map(({ jobId }) => jobId);
}

/**
 * Due waiting runs with a free concurrency key, oldest first.
 * @param overdueMs leaves out runs that became due more recently: their message is still on its way
 * @param blocked their runs would fill the page and hide runs that can start; those that waited too long are included
 * @param blockedRuns ids of single runs that a gate refuses, for the same reason
 */
export async function dueRuns(
  db: Db,
  {
    now,
    overdueMs,
    blocked,
    blockedRuns,
    limit,
  }: {
    now: Date;
    overdueMs: number;
    blocked: readonly BlockedJob[];
    blockedRuns: readonly string[];
    limit: number;
  },
): Promise<Pick<Run, "id" | "jobId" | "notBefore">[]> {
  return db
    .select({ id: jobRuns.id, jobId: jobRuns.jobId, notBefore: jobRuns.notBefore })
    .from(jobRuns)
    .where(
      and(
        isDue(now, overdueMs),
        blocked.length === 0
          ? undefined
          : sql`not exists (
              select from jsonb_to_recordset(${JSON.stringify(blocked)}::jsonb) as b(id text, "maxLatenessMs" bigint)
               where b.id = ${jobRuns.jobId} and (b."maxLatenessMs" is null or ${jobRuns.backfillId} is not null
                 or ${jobRuns.notBefore} >= ${now.toISOString()}::timestamptz - b."maxLatenessMs" * interval '1 ms'))`,
        blockedRuns.length === 0 ? undefined : sql`${jobRuns.id} <> all (${plainArray(blockedRuns)}::uuid[])`,
        // So would a long queue for one key. The run that holds the key unblocks the next.
        sql`not exists (select from ${jobRuns} rival
          where rival.job_id = ${jobRuns.jobId} and rival.state = 'running' and rival.concurrency_key = ${jobRuns.concurrencyKey})`,
      ),
    )
    .orderBy(asc(jobRuns.notBefore), asc(jobRuns.id))
    .limit(limit);
}

function isDue(now: Date, overdueMs: number) {
  return and(
    inArray(jobRuns.state, ["queued", "retrying"]),
    lte(jobRuns.notBefore, new Date(now.getTime() - overdueMs)),
  );
}
