import { and, asc, desc, eq, gt, inArray, lt, lte, ne, sql, type SQL } from "drizzle-orm";
import type { Db, Executor, Tx } from "../client.ts";
import { jobRuns, type Progress, type Run, type RunState, type Trigger } from "./schema.ts";

/** Who holds a run. All three must match for anything to be written in its name. */
export interface Hold {
  readonly id: string;
  readonly attempt: number;
  readonly holder: string;
}

export interface Lease {
  readonly holder: string;
  readonly leaseMs: number;
}

export type NewRun = Pick<
  Run,
  "id" | "jobId" | "family" | "trigger" | "input" | "maxAttempts" | "concurrencyKey" | "correlationId"
> &
  Partial<Pick<Run, "scheduledFor" | "notBefore" | "parentRunId" | "requestedBy" | "idempotencyKey">>;

/** A run that waits for a worker. */
export async function insertQueuedRun(db: Executor, run: NewRun, now: Date): Promise<Run> {
  const [row] = await db
    .insert(jobRuns)
    .values({ ...run, state: "queued", queuedAt: now, notBefore: run.notBefore ?? now })
    .returning();
  return row!;
}

/** A run that a gate refused: it stands in the ledger with the reason and never starts. */
export async function insertSkippedRun(
  db: Executor,
  run: NewRun,
  { code, reason }: { code: string; reason: string },
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
 * Takes a slot and starts its run in one statement. Of any number of callers exactly one gets the row: as `running`, or
 * as `skipped` when another run of the job is under way.
 * @returns undefined when the slot was taken before, or when another slot of the job started in the same instant
 */
export async function claimSlot(
  db: Executor,
  run: NewRun & { readonly scheduledFor: Date },
  { holder, leaseMs }: Lease,
  now: Date,
): Promise<Run | undefined> {
  const busy = sql`(select r.id from ${jobRuns} r where r.job_id = ${run.jobId} and r.state = 'running'
    and r.concurrency_key = ${run.concurrencyKey} limit 1)`;
  const ifFree = (value: SQL) => sql`case when ${busy} is null then ${value} end`;
  const ifBusy = (value: SQL) => sql`case when ${busy} is not null then ${value} end`;
  const [row] = await db
    .insert(jobRuns)
    .values({
      ...run,
      queuedAt: now,
      state: sql`case when ${busy} is null then 'running' else 'skipped' end`,
      attempt: sql`case when ${busy} is null then 1 else 0 end`,
      startedAt: ifFree(sql`${now.toISOString()}::timestamptz`),
      heartbeatAt: ifFree(sql`now()`),
      leaseHolder: ifFree(sql`${holder}::text`),
      leaseExpiresAt: ifFree(sql`now() + ${leaseMs} * interval '1 ms'`),
      finishedAt: ifBusy(sql`${now.toISOString()}::timestamptz`),
      reasonCode: ifBusy(sql`'already-running'`),
      reason: ifBusy(sql`'already running: run ' || ${busy}`),
    })
    // No target: a duplicate slot and a rival that started in the same instant are both conflicts.
    .onConflictDoNothing()
    .returning();
  return row;
}

/**
 * Starts the next attempt of a waiting run in one conditional statement.
 * @returns undefined when the run is not waiting, not due yet, or another run holds its concurrency key
 */
export async function claimRun(
  db: Executor,
  id: string,
  { holder, leaseMs }: Lease,
  now: Date,
): Promise<Run | undefined> {
  const rival = sql`select 1 from ${jobRuns} r where r.job_id = ${jobRuns.jobId} and r.state = 'running'
    and r.concurrency_key = ${jobRuns.concurrencyKey}`;
  const [row] = await db
    .update(jobRuns)
    .set({
      state: "running",
      attempt: sql`${jobRuns.attempt} + 1`,
      startedAt: now,
      heartbeatAt: sql`now()`,
      leaseHolder: holder,
      leaseExpiresAt: sql`now() + ${leaseMs} * interval '1 ms'`,
      progress: null,
    })
    .where(
      and(
        eq(jobRuns.id, id),
        inArray(jobRuns.state, ["queued", "retrying"]),
        lte(jobRuns.notBefore, now),
        sql`not exists (${rival})`,
      ),
    )
    .returning();
  return row;
}

export type Finish = Pick<Run, "state"> &
  Partial<
    Pick<
      Run,
      | "notBefore"
      | "finishedAt"
      | "durationMs"
      | "result"
      | "itemFailures"
      | "itemFailureCount"
      | "reason"
      | "reasonCode"
      | "maxAttempts"
      | "progress"
    >
  > & { readonly error?: Record<string, unknown> };

/**
 * Moves a running run to its next state and gives up the lease, if the caller still holds it (fencing).
 * @returns the row after the move, or undefined when the run was taken away: then nothing was written
 */
export async function finishRun(db: Executor, hold: Hold, { error, ...change }: Finish): Promise<Run | undefined> {
  const [row] = await db
    .update(jobRuns)
    .set({ ...change, ...releasedLease, ...(error && { errors: appended(error) }) })
    .where(isHeldBy(hold))
    .returning();
  return row;
}

/** Moves a run whose lease has lapsed; a heartbeat that came in between wins. */
export async function finishLapsedRun(
  db: Executor,
  { id, attempt }: Pick<Run, "id" | "attempt">,
  { error, ...change }: Finish,
): Promise<Run | undefined> {
  const [row] = await db
    .update(jobRuns)
    .set({ ...change, ...releasedLease, ...(error && { errors: appended(error) }) })
    .where(and(eq(jobRuns.id, id), eq(jobRuns.attempt, attempt), hasLapsed))
    .returning();
  return row;
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

/**
 * Locks the run against rescue until the caller's transaction ends, if it is still held.
 * Shared, so that a heartbeat is the only one to wait.
 */
export async function confirmHold(tx: Tx, hold: Hold): Promise<boolean> {
  const rows = await tx.select({ id: jobRuns.id }).from(jobRuns).where(isHeldBy(hold)).for("share");
  return rows.length === 1;
}

export interface Beat extends Hold {
  readonly progress: Progress | null;
}

/** Renews many leases in one statement and stores their progress. Answers with the runs that are still held. */
export async function renewLeases(
  db: Executor,
  beats: readonly Beat[],
  leaseMs: number,
): Promise<{ id: string; attempt: number; cancelRequested: boolean }[]> {
  const rows = await db.execute<{ id: string; attempt: number; cancel_requested: boolean }>(sql`
    update ${jobRuns} r
       set heartbeat_at = now(), lease_expires_at = now() + ${leaseMs} * interval '1 ms',
           progress = coalesce(beat.progress, r.progress)
      from jsonb_to_recordset(${JSON.stringify(beats)}::jsonb)
           as beat(id uuid, attempt integer, holder text, progress jsonb)
     where r.id = beat.id and r.attempt = beat.attempt and r.lease_holder = beat.holder and r.state = 'running'
    returning r.id, r.attempt, r.cancel_requested_at is not null as cancel_requested`);
  return [...rows].map(({ id, attempt, cancel_requested }) => ({ id, attempt, cancelRequested: cancel_requested }));
}

/** Running runs whose holder has not been heard of for a whole lease, oldest first. */
export async function lapsedRuns(db: Db, limit: number): Promise<Run[]> {
  return db.select().from(jobRuns).where(hasLapsed).orderBy(asc(jobRuns.leaseExpiresAt)).limit(limit);
}

/** Waiting runs whose time has come, oldest first. `overdueMs` leaves out those that their own message still carries. */
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
      and(inArray(jobRuns.state, ["queued", "retrying"]), lte(jobRuns.notBefore, new Date(now.getTime() - overdueMs))),
    )
    .orderBy(asc(jobRuns.notBefore))
    .limit(limit);
}

export async function findRun(db: Executor, id: string): Promise<Run | undefined> {
  const [row] = await db.select().from(jobRuns).where(eq(jobRuns.id, id));
  return row;
}

export interface RunFilter {
  readonly jobId?: string | undefined;
  readonly state?: RunState | undefined;
  readonly family?: string | undefined;
  readonly trigger?: Trigger | undefined;
  readonly since?: Date | undefined;
  /** The id of the last run of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first. Ids are time-ordered, so the id of the last row is the key of the next page. */
export async function listRuns(db: Db, filter: RunFilter): Promise<Run[]> {
  return db
    .select()
    .from(jobRuns)
    .where(
      and(
        filter.jobId ? eq(jobRuns.jobId, filter.jobId) : undefined,
        filter.state ? eq(jobRuns.state, filter.state) : undefined,
        filter.family ? eq(jobRuns.family, filter.family) : undefined,
        filter.trigger ? eq(jobRuns.trigger, filter.trigger) : undefined,
        filter.since ? gt(jobRuns.queuedAt, filter.since) : undefined,
        filter.before ? lt(jobRuns.id, filter.before) : undefined,
      ),
    )
    .orderBy(desc(jobRuns.id))
    .limit(filter.limit);
}

/** The newest run of each job, leaving out slots that were skipped. */
export async function lastRunPerJob(db: Db, jobIds: readonly string[]): Promise<Map<string, Run>> {
  const runs = await Promise.all(
    jobIds.map((jobId) =>
      db
        .select()
        .from(jobRuns)
        .where(and(eq(jobRuns.jobId, jobId), ne(jobRuns.state, "skipped")))
        .orderBy(desc(jobRuns.id))
        .limit(1),
    ),
  );
  return new Map(runs.flat().map((run) => [run.jobId, run]));
}

const releasedLease = { leaseHolder: null, leaseExpiresAt: null } as const;
const hasLapsed = and(eq(jobRuns.state, "running"), lt(jobRuns.leaseExpiresAt, sql`now()`));

function isHeldBy({ id, attempt, holder }: Hold): SQL | undefined {
  return and(
    eq(jobRuns.id, id),
    eq(jobRuns.attempt, attempt),
    eq(jobRuns.leaseHolder, holder),
    eq(jobRuns.state, "running"),
  );
}

function appended(error: Record<string, unknown>): SQL {
  return sql`${jobRuns.errors} || ${JSON.stringify([error])}::jsonb`;
}
