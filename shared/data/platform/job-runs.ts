import { and, asc, desc, eq, getTableColumns, gte, inArray, lt, lte, sql, type SQL } from "drizzle-orm";
import type { Db, Executor, Tx } from "../client.ts";
import { sendWithCommit } from "../last-word.ts";
import { auditLog, pauses } from "./steering-schema.ts";
import { firstIdAt } from "./run-id.ts";
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

/** A reason not to run, for machines and for a person. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

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
export async function liveRepeatOf(db: Executor, runId: string): Promise<Run | undefined> {
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
export async function hastenRun(db: Executor, id: string, now: Date): Promise<Run | undefined> {
  const [row] = await db
    .update(jobRuns)
    .set({ notBefore: now })
    .where(and(eq(jobRuns.id, id), inArray(jobRuns.state, ["queued", "retrying"])))
    .returning();
  return row;
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

/** What the gates are asked about a job. */
export interface Gated {
  readonly jobId: string;
  readonly family: string;
  /** `jobs` (all but the layer's own), `write`, `comms`, `quiet`. */
  readonly needs: readonly string[];
}

/** What becomes of a slot while the job still runs: it is skipped, or it waits, and that run goes on or is cancelled. */
export type Overlap = "skip" | "queue one" | "cancel the running one";

export interface SlotFacts {
  readonly needs: readonly string[];
  /** A reason not to run that is known without the database. */
  readonly refusal: Refusal | null;
  readonly overlap: Overlap;
  /** Whether it waits behind older slots that wait. */
  readonly inOrder: boolean;
  /**
   * The slot before it by the schedule. While the ledger knows older ones but not that, nothing is taken. Null: not looked at.
   */
  readonly previous: Date | null;
  readonly lease: Lease;
  readonly now: Date;
}

export interface SlotClaim {
  /** Undefined when the slot was taken before, when another slot of the job started in the same instant, or slots are missing. */
  readonly run: Run | undefined;
  /** The last slot that the ledger knows, when some are missing between it and this one. */
  readonly gapSince: Date | null;
}

/**
 * Takes a slot and starts its run in one statement: gates, uniqueness of the slot, concurrency, lease. Of any number of
 * callers exactly one gets the row: as `running`; as `skipped` with the reason of a gate or of the run in its way; or as `queued`
 * when it may wait for that run. One slot of a job waits at most; a backfill never costs a slot its run. Where missed slots are
 * run as well, it waits behind those.
 */
export async function claimSlot(
  db: Executor,
  run: NewRun & { readonly scheduledFor: Date },
  { needs, refusal, overlap, inOrder, previous, lease, now }: SlotFacts,
): Promise<SlotClaim> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const slot = sql`${run.scheduledFor.toISOString()}::timestamptz`;
  const [row] = await db.execute<RawRun>(sql`
    with gate as (select * from platform.gate_refusal(${run.jobId}, ${run.family}, ${textArray(needs)}, ${at})),
    gap as (
      select last from (
        select max(scheduled_for) as last from ${jobRuns}
         where job_id = ${run.jobId} and scheduled_for < ${slot} and backfill_id is null
      ) recorded
       where last < ${previous?.toISOString() ?? null}::timestamptz
    ),
    ahead as (
      select id from ${jobRuns}
       where ${inOrder}::boolean and job_id = ${run.jobId} and state in ('queued', 'retrying')
         and scheduled_for < ${slot} and backfill_id is null limit 1
    ),
    busy as (
      select id, backfill_id from ${jobRuns}
       where job_id = ${run.jobId} and state = 'running' and concurrency_key = ${run.concurrencyKey} limit 1
    ),
    -- The slot that waits already; none may wait behind it.
    full_queue as (
      select id from ${jobRuns}
       where exists (select from busy) and job_id = ${run.jobId} and state in ('queued', 'retrying')
         and scheduled_for is not null and backfill_id is null limit 1
    ),
    refused as (
      select coalesce(${refusal?.code ?? null}::text, (select code from gate),
               (select 'already-running' from busy
                 where not exists (select from ahead)
                   and ((${overlap}::text = 'skip' and backfill_id is null) or exists (select from full_queue)))) as code,
             coalesce(${refusal?.reason ?? null}::text, (select reason from gate),
               (select 'already running: run ' || id || coalesce('; run ' || (select id from full_queue) || ' waits for its end', '')
                  from busy)) as reason
    ),
    verdict as (
      select case when code is not null then 'skipped'
                  when exists (select from busy) or exists (select from ahead) then 'queued'
                  else 'running' end as state, code, reason
        from refused where not exists (select from gap)
    ),
    claimed as (
      insert into ${jobRuns} (id, job_id, family, trigger, state, input, attempt, max_attempts, scheduled_for, queued_at,
        not_before, started_at, finished_at, heartbeat_at, lease_holder, lease_expires_at, concurrency_key, reason, reason_code, correlation_id)
      select ${run.id}::uuid, ${run.jobId}, ${run.family}, ${run.trigger},
             state, ${JSON.stringify(run.input)}::jsonb,
             case state when 'running' then 1 else 0 end, ${run.maxAttempts}::integer,
             ${slot}, ${at},
             case state when 'queued' then ${at} end,
             case state when 'running' then ${at} end,
             case state when 'skipped' then ${at} end,
             case state when 'running' then now() end,
             case state when 'running' then ${lease.holder}::text end,
             case state when 'running' then ${untilLeaseEnds(lease)} end,
             ${run.concurrencyKey}::text, reason, code, ${run.correlationId}
        from verdict
      -- No target: a duplicate slot and a rival that started in the same instant are both conflicts.
      on conflict do nothing
      returning *
    ),
    asked_to_stop as (
      update ${jobRuns} r
         set cancel_requested_at = ${at}, reason = 'the slot of run ' || claimed.id || ' is due'
        from claimed, busy
       where ${overlap}::text = 'cancel the running one' and claimed.state = 'queued' and r.id = busy.id and r.state = 'running'
    ),
    audited as (
      insert into ${auditLog} (at, who, action, subject, reason)
      select ${at}, 'gate', 'run blocked', 'job:' || job_id, reason from claimed where reason_code = 'kill-switch'
    )
    select claimed.*, (select last from gap) as gap_since from (values (1)) one left join claimed on true`);
  const gapSince = row?.gap_since as string | Date | null | undefined;
  return { run: row?.id ? runOf(row) : undefined, gapSince: gapSince ? new Date(gapSince) : null };
}

/**
 * Starts the next attempt of waiting runs of one job, in one conditional statement however many they are. Those that do
 * not wait, are not due, whose concurrency key is held, or whose job a gate stops, are left as they are.
 */
export async function claimRuns(
  db: Executor,
  ids: readonly string[],
  { jobId, family, needs }: Gated,
  lease: Lease,
  now: Date,
): Promise<Run[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const rows = await db.execute<RawRun>(sql`
    with due as (
      select id from ${jobRuns}
       where id = any (${textArray(ids)}::uuid[]) and job_id = ${jobId}
         -- Waiting is neither leased nor finished: by those names no plan takes the index of all that are due, which looks small
         -- while the statistics are old, and is as long as the backlog.
         and lease_expires_at is null and finished_at is null and not_before <= ${at} and cancel_requested_at is null
         and not exists (select from platform.gate_refusal(${jobId}, ${family}, ${textArray(needs)}, ${at}))
         -- Slots that wait are run in their order.
         and (scheduled_for is null or backfill_id is not null or not exists (
           select from ${jobRuns} older
            where older.state in ('queued', 'retrying') and older.not_before <= ${at} and older.job_id = ${jobId}
              and older.scheduled_for < ${jobRuns}.scheduled_for and older.backfill_id is null))
       -- Two workers with overlapping batches must not wait for each other's rows in opposite order.
       order by id for update skip locked
    )
    update ${jobRuns} r
       set state = 'running', attempt = r.attempt + 1, started_at = ${at}, heartbeat_at = now(),
           lease_holder = ${lease.holder}, lease_expires_at = ${untilLeaseEnds(lease)}, progress = null
      from due
     where r.id = due.id
       and not exists (
         select from ${jobRuns} rival
          where rival.job_id = r.job_id and rival.state = 'running' and rival.concurrency_key = r.concurrency_key
       )
    returning r.*`);
  return [...rows].map(runOf);
}

/** Whether a gate stops the job at this moment, and why. */
export async function gateRefusal(db: Executor, { jobId, family, needs }: Gated, now: Date): Promise<Refusal | null> {
  const [row] = await db.execute<{ code: string; reason: string }>(sql`
    select code, reason
      from platform.gate_refusal(${jobId}, ${family}, ${textArray(needs)}, ${now.toISOString()}::timestamptz)`);
  return row ?? null;
}

/** Those of the ids that name no run. */
export async function runsNotInLedger(db: Executor, ids: readonly string[]): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select id from unnest(${textArray(ids)}::uuid[]) as asked (id)
     where not exists (select from ${jobRuns} run where run.id = asked.id)`);
  return [...rows].map(({ id }) => id);
}

/** Ends a waiting run that a gate stops. A stop by the kill switch is audited in the same statement. */
export async function skipWaitingRun(
  db: Executor,
  { id, jobId }: Pick<Run, "id" | "jobId">,
  { code, reason }: Refusal,
  now: Date,
): Promise<Run | undefined> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const [row] = await db.execute<RawRun>(sql`
    with skipped as (
      update ${jobRuns} set state = 'skipped', finished_at = ${at}, not_before = null, reason = ${reason}, reason_code = ${code}
       where id = ${id}::uuid and job_id = ${jobId} and state in ('queued', 'retrying')
      returning *
    ),
    audited as (
      insert into ${auditLog} (at, who, action, subject, reason)
      select ${at}, 'gate', 'run blocked', 'job:' || job_id, reason from skipped where reason_code = 'kill-switch'
    )
    select * from skipped`);
  return row && runOf(row);
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

/** The next state of one run that the caller holds, or whose holder went silent. */
export interface FinishedRun extends Pick<Run, "id" | "attempt"> {
  readonly finish: Finish;
}

/**
 * Moves running runs to their next states and gives up their leases, in one statement. A stop by the kill switch is audited in it. Only those move that are still at
 * that attempt and held by `holder` (fencing), or, without one, whose lease has lapsed: a heartbeat in between wins.
 * @returns the ids that moved; of the others nothing was written
 */
export async function finishRuns(
  db: Executor,
  holder: string | null,
  runs: readonly FinishedRun[],
): Promise<Set<string>> {
  const order = inOrder(runs, sql`f.id`);
  const rows = await db.execute<{ id: string }>(sql`
    with ${order.lock}
    moved as (
      update ${jobRuns} r
         set state = f.state, not_before = f."notBefore", finished_at = f."finishedAt", duration_ms = f."durationMs",
             result = f.result, item_failures = f."itemFailures", item_failure_count = coalesce(f."itemFailureCount", 0),
             reason = f.reason, reason_code = f."reasonCode", max_attempts = coalesce(f."maxAttempts", r.max_attempts),
             progress = coalesce(f.progress, r.progress),
             errors = case when f.error is null then r.errors else r.errors || f.error end,
             lease_holder = null, lease_expires_at = null
        from jsonb_to_recordset(${JSON.stringify(runs.map(({ id, attempt, finish }) => ({ id, attempt, ...finish })))}::jsonb)
             as f(id uuid, attempt integer, state text, "notBefore" timestamptz, "finishedAt" timestamptz, "durationMs" bigint,
                  result jsonb, "itemFailures" jsonb, "itemFailureCount" integer, reason text, "reasonCode" text,
                  "maxAttempts" integer, progress jsonb, error jsonb) ${order.join}
       where r.id = f.id and r.attempt = f.attempt and r.state = 'running'
         and ${holder === null ? sql`r.lease_expires_at < now()` : sql`r.lease_holder = ${holder}`}
      returning r.id, r.job_id, r.finished_at, r.reason, r.reason_code
    ),
    audited as (
      insert into ${auditLog} (at, who, action, subject, reason)
      select finished_at, 'gate', 'run stopped', 'job:' || job_id, reason from moved where reason_code = 'kill-switch'
    )
    select id from moved`);
  return new Set([...rows].map(({ id }) => id));
}

/** The row as it is after a move, without asking the database again. */
export function afterFinish(run: Run, { error, ...change }: Finish): Run {
  return {
    ...run,
    ...{
      notBefore: null,
      finishedAt: null,
      result: null,
      itemFailures: null,
      itemFailureCount: 0,
      reason: null,
      reasonCode: null,
    },
    ...change,
    errors: error ? [...run.errors, error] : run.errors,
    leaseHolder: null,
    leaseExpiresAt: null,
  };
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

/** What `platform.confirm_holds` raises. */
const HOLD_LOST = "RT001";

/**
 * Locks runs against rescue until the caller's transaction ends, and lets it commit only if all of them are still held.
 * Shared, so that a heartbeat is the only one to wait. It goes out with the commit: a lost hold is the transaction's error.
 */
export async function confirmHolds(tx: Tx, holds: readonly Hold[]): Promise<void> {
  const [ids, attempts] = [holds.map(({ id }) => id), holds.map(({ attempt }) => String(attempt))];
  const holder = holds[0]?.holder ?? "";
  await sendWithCommit(
    tx,
    tx.execute(
      sql`select platform.confirm_holds(${textArray(ids)}::uuid[], ${textArray(attempts)}::integer[], ${holder})`,
    ),
  );
}

/** The run that was not held any more, when that is what an error says. */
export function lostHold(error: unknown): string | undefined {
  const { code, detail } = ((error as Error | undefined)?.cause ?? {}) as { code?: unknown; detail?: unknown };
  return code === HOLD_LOST ? String(detail) : undefined;
}

export interface Beat extends Hold {
  readonly progress: Progress | null;
  readonly needs: readonly string[];
}

/** What a beat brings back about a run that is still held. */
export interface BeatenRun extends Pick<Run, "id" | "attempt"> {
  readonly cancelRequested: boolean;
  readonly cancelReason: string | null;
  /** A gate that has closed meanwhile. A pause and quiet hours keep runs from starting; they stop none. */
  readonly refusal: Refusal | null;
}

/** Renews many leases in one statement, stores their progress and asks the gates. Answers with the runs that are still held. */
export async function renewLeases(db: Executor, beats: readonly Beat[], leaseMs: number): Promise<BeatenRun[]> {
  const order = inOrder(beats, sql`beat.id`);
  const rows = await db.execute<BeatenRun & Record<string, unknown>>(sql`
    with ${order.lock} beat as (
      select * from jsonb_to_recordset(${JSON.stringify(beats)}::jsonb)
           as given(id uuid, attempt integer, holder text, progress jsonb, needs text[])
    )
    update ${jobRuns} r
       set heartbeat_at = now(), lease_expires_at = now() + ${leaseMs}::integer * interval '1 ms',
           progress = coalesce(beat.progress, r.progress)
      from beat ${order.join}
     where r.id = beat.id and r.attempt = beat.attempt and r.lease_holder = beat.holder and r.state = 'running'
    returning r.id, r.attempt, r.cancel_requested_at is not null as "cancelRequested", r.reason as "cancelReason",
              (select jsonb_build_object('code', gate.code, 'reason', gate.reason)
                 from platform.gate_refusals(r.job_id, r.family, beat.needs, now()) gate
                where gate.code not in ('paused', 'quiet-hours')
                order by gate.rank limit 1) as refusal`);
  return [...rows];
}

/**
 * The parts of a statement that lock its rows in the order of their ids: a heartbeat and the end of a batch, which update the same
 * ones, must not wait for each other's. A single row needs no order.
 */
function inOrder(runs: readonly { readonly id: string }[], id: SQL): { lock: SQL; join: SQL } {
  if (runs.length < 2) return { lock: sql``, join: sql`` };
  const ids = textArray(runs.map((run) => run.id));
  return {
    lock: sql`locked as materialized (select id from ${jobRuns} where id = any (${ids}::uuid[]) order by id for update),`,
    join: sql`join locked on locked.id = ${id}`,
  };
}

/** Running runs whose holder has not been heard of for a whole lease, oldest first. */
export async function lapsedRuns(db: Db, limit: number): Promise<Run[]> {
  return db.select().from(jobRuns).where(hasLapsed).orderBy(asc(jobRuns.leaseExpiresAt)).limit(limit);
}

/** Waiting runs whose time has come and that nothing pauses, oldest first. `overdueMs` leaves out those that their own message still carries. */
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
      ),
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
  /** Asked for at or after. */
  readonly since?: Date | undefined;
  /** Asked for before. */
  readonly until?: Date | undefined;
  /** Occurs in the input as it is written in JSON, whatever the case. */
  readonly text?: string | undefined;
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
        // The range of ids is what an index answers; ids are made on the clock that says when a run was asked for.
        filter.since ? and(gte(jobRuns.id, firstIdAt(filter.since)), gte(jobRuns.queuedAt, filter.since)) : undefined,
        filter.until ? lt(jobRuns.queuedAt, filter.until) : undefined,
        filter.text ? sql`position(lower(${filter.text}) in lower(${jobRuns.input}::text)) > 0` : undefined,
        filter.before ? lt(jobRuns.id, filter.before) : undefined,
      ),
    )
    .orderBy(desc(jobRuns.id))
    .limit(filter.limit);
}

const hasLapsed = and(eq(jobRuns.state, "running"), lt(jobRuns.leaseExpiresAt, sql`now()`));

type RawRun = Record<string, unknown>;

const COLUMNS = Object.entries(getTableColumns(jobRuns));

/** A row of a hand-written statement, in the shape of the schema. */
function runOf(raw: RawRun): Run {
  const run: Record<string, unknown> = {};
  for (const [key, column] of COLUMNS) {
    const value = raw[column.name] ?? null;
    run[key] = value === null ? null : column.mapFromDriverValue(value);
  }
  return run as Run;
}

function untilLeaseEnds({ leaseMs }: Lease): SQL {
  return sql`now() + ${leaseMs}::integer * interval '1 ms'`;
}

/** Values without quotes, commas or braces, as one array parameter. */
function textArray(values: readonly string[]): SQL {
  return sql`${`{${values.join(",")}}`}::text[]`;
}
