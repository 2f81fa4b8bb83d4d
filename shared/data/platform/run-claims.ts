import { type SQL, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";
import { auditLog, jobSchedules } from "./control-schema.ts";
import { hasEarlySlots } from "./early-slots.ts";
import type { Gated, Refusal } from "./gate-refusals.ts";
import { CLOCK_TOLERANCE_MS } from "./job-schedules.ts";
import { jobRuns, queueOrder, type Run } from "./platform-schema.ts";
import { type Lease, leaseExpiry } from "./run-leases.ts";
import { type RawRun, runOf } from "./run-row.ts";
import type { NewRun } from "./waiting-runs.ts";

/** What happens to a due slot while the job still runs: skip it, queue it, or queue it and cancel the running run. */
export type Overlap = "skip" | "queue one" | "cancel the running one";

export interface SlotClaimOptions {
  readonly needs: readonly string[];
  /** A refusal that is known without the database. */
  readonly refusal: Refusal | null;
  readonly overlap: Overlap;
  /** Whether the slot waits behind older waiting slots. */
  readonly inOrder: boolean;
  /**
   * The schedule in force and the slot before this one: nothing is claimed while slots are missing. Null: no check.
   */
  readonly gap: { readonly expression: string; readonly timeZone: string; readonly previous: Date | null } | null;
  readonly lease: Lease;
  readonly now: Date;
  /** Whether `now` replaces the database's clock. A slot that this clock has not reached is not claimed. */
  readonly isSimulated: boolean;
}

export interface SlotClaim {
  /**
   * Undefined when the slot has a run or is in the future, another slot of the job started at the same instant, or
   * slots are missing.
   */
  readonly run: Run | undefined;
  readonly isFuture: boolean;
  /** Whether a run took this slot, or a later one of the job, too early: see `freeEarlySlots`. */
  readonly isTakenEarly: boolean;
  /** The last recorded slot, if slots are missing between it and this one. */
  readonly gapSince: Date | null;
}

/**
 * Claims a slot and starts its run in one statement: gates, uniqueness of the slot, concurrency, lease. Exactly one of
 * many concurrent callers gets the row: `running`, `skipped` with the reason, or `queued` behind the running run. At
 * most one slot of a job waits. A running backfill never skips a slot. With `inOrder` the slot waits behind missed
 * slots.
 */
export async function claimSlot(
  db: Executor,
  run: NewRun & { readonly scheduledFor: Date },
  { needs, refusal, overlap, inOrder, gap, lease, now, isSimulated }: SlotClaimOptions,
): Promise<SlotClaim> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const slot = sql`${run.scheduledFor.toISOString()}::timestamptz`;
  const clock = isSimulated ? at : sql`clock_timestamp()`;
  const reachedFrom = sql`${clock} + ${CLOCK_TOLERANCE_MS}::integer * interval '1 ms'`;
  const isTakenEarly = isSimulated ? sql`false` : hasEarlySlots(run.jobId, { from: slot, clock });
  const [row] = await db.execute<RawRun>(sql`
    with future as (select where ${slot} > ${reachedFrom}),
    gate as (select * from platform.gate_refusal(${run.jobId}, ${run.family}, ${plainArray(needs)}, ${at})),
    gap as (
      select greatest(recorded.last, stored.expected_after) as last
        from (
          select max(scheduled_for) as last from ${jobRuns}
           where job_id = ${run.jobId} and scheduled_for < ${slot} and backfill_id is null
        ) recorded left join ${jobSchedules} stored on stored.job_id = ${run.jobId}
       where greatest(recorded.last, stored.expected_after) < ${gap?.previous?.toISOString() ?? null}::timestamptz
         -- After a change, older slots are those of the old schedule.
         and (stored.job_id is null
              or stored.expression = ${gap?.expression ?? null}::text and stored.time_zone = ${gap?.timeZone ?? null}::text)
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
    -- The waiting slot; a second one is skipped.
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
    decision as (
      select case when code is not null then 'skipped'
                  when exists (select from busy) or exists (select from ahead) then 'queued'
                  else 'running' end as state, code, reason
        from refused where not exists (select from gap) and not exists (select from future)
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
             case state when 'running' then ${leaseExpiry(lease)} end,
             ${run.concurrencyKey}::text, reason, code, ${run.correlationId}
        from decision
      -- No target: a duplicate slot and a rival that started at the same instant are both conflicts.
      on conflict do nothing
      returning *
    ),
    cancelled as (
      update ${jobRuns} r
         set cancel_requested_at = ${at}, reason = 'the slot of run ' || claimed.id || ' is due'
        from claimed, busy
       where ${overlap}::text = 'cancel the running one' and claimed.state = 'queued' and r.id = busy.id and r.state = 'running'
    ),
    audited as (
      insert into ${auditLog} (at, who, action, subject, reason)
      select ${at}, 'gate', 'run blocked', 'job:' || job_id, reason from claimed where reason_code = 'kill-switch'
    )
    select claimed.*, (select last from gap) as gap_since, exists (select from future) as is_future,
           ${isTakenEarly} as is_taken_early from (values (1)) one left join claimed on true`);
  const gapSince = row?.gap_since as string | Date | null | undefined;
  const isFuture = row?.is_future === true;
  return {
    run: row?.id ? runOf(row) : undefined,
    isFuture,
    isTakenEarly: row?.is_taken_early === true,
    gapSince: gapSince && !isFuture ? new Date(gapSince) : null,
  };
}

/**
 * How long a due run lets earlier runs of its concurrency key start first. It is several times the interval of the
 * sweep, which finds runs with a lost message. A run that is still first after that must not block the others.
 */
const FAIRNESS_WINDOW_MS = 300_000;

/**
 * Claims waiting runs of one job and starts their next attempt, in one conditional statement. Runs stay unchanged when
 * they are not waiting or not due, their concurrency key is held or has an earlier run in its queue, or a gate refuses
 * the job.
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
       where id = any (${plainArray(ids)}::uuid[]) and job_id = ${jobId}
         -- Waiting, written as neither leased nor finished: so the planner cannot choose the index of all due runs, which is as
         -- long as the backlog but looks small while statistics are old.
         and lease_expires_at is null and finished_at is null and not_before <= ${at} and cancel_requested_at is null
         and not exists (select from platform.gate_refusal(${jobId}, ${family}, ${plainArray(needs)}, ${at}))
         -- Waiting slots start in their order.
         and (scheduled_for is null or backfill_id is not null or not exists (
           select from ${jobRuns} older
            where older.state in ('queued', 'retrying') and older.not_before <= ${at} and older.job_id = ${jobId}
              and older.scheduled_for < ${jobRuns}.scheduled_for and older.backfill_id is null))
       -- One lock order, so that two workers with overlapping batches cannot deadlock.
       order by id for update skip locked
    )
    update ${jobRuns} r
       set state = 'running', attempt = r.attempt + 1, started_at = ${at}, heartbeat_at = now(),
           lease_holder = ${lease.holder}, lease_expires_at = ${leaseExpiry(lease)}, progress = null,
           reason = null, reason_code = null
      from due
     where r.id = due.id
       and not ${isKeyBusy}
       and (r.not_before < ${at} - ${FAIRNESS_WINDOW_MS}::integer * interval '1 ms' or not ${hasEarlierWaitingRun(at)})
    returning r.*`);
  return [...rows].map(runOf);
}

/** A run that still waits after a claim. */
export interface UnclaimedRun {
  readonly run: Run;
  /** Whether it is first in the queue of a free concurrency key. */
  readonly isFirstInLine: boolean;
}

/** The runs that still wait. */
export async function unclaimedRuns(db: Executor, ids: readonly string[], now: Date): Promise<UnclaimedRun[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const rows = await db.execute<RawRun>(sql`
    select r.*, r.concurrency_key is not null and r.not_before <= ${at} and not ${isKeyBusy} and not ${hasEarlierWaitingRun(at)} as is_first_in_line
      from ${jobRuns} r where r.id = any (${plainArray(ids)}::uuid[]) and r.lease_expires_at is null and r.finished_at is null`);
  return [...rows].map((row) => ({ run: runOf(row), isFirstInLine: row.is_first_in_line as boolean }));
}

/** Whether another run holds the concurrency key of the run `r`. */
const isKeyBusy = sql`exists (
  select from ${jobRuns} rival
   where rival.job_id = r.job_id and rival.state = 'running' and rival.concurrency_key = r.concurrency_key)`;

/** Whether another due run is earlier in the queue of the concurrency key of the run `r`. */
function hasEarlierWaitingRun(at: SQL): SQL {
  return sql`exists (
  select from ${jobRuns} ahead
   where ahead.job_id = r.job_id and ahead.concurrency_key = r.concurrency_key
     and ahead.lease_expires_at is null and ahead.finished_at is null and ahead.cancel_requested_at is null
     and ahead.not_before <= ${at} and (${queueOrder("ahead")}, ahead.id) < (${queueOrder("r")}, r.id))`;
}
