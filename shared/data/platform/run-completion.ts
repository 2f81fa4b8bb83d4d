import { type SQL, sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { auditLog } from "./control-schema.ts";
import { type AttemptError, jobRuns, queueOrder, type Run } from "./platform-schema.ts";
import { confirmation, lockInIdOrder } from "./run-leases.ts";

/**
 * The state after an attempt. Omitted columns become null or 0, except `maxAttempts`, `progress` and the earlier
 * errors, which stay.
 */
export type NextState = Pick<Run, "state"> &
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
  > & { readonly error?: AttemptError };

/** The next state of a run whose lease the caller holds, or whose lease expired. */
export interface CompletedRun extends Pick<Run, "id" | "attempt"> {
  readonly next: NextState;
}

/** The result of `completeRuns`. */
export interface CompletionResult {
  /** The completed runs. For the others nothing is written. */
  readonly ids: ReadonlySet<string>;
  /** The first due run in the queue of each freed concurrency key. Dispatch it now: its own message comes later. */
  readonly unblocked: readonly Pick<Run, "id" | "jobId">[];
}

/**
 * Moves running runs to their next states and releases their leases, in one statement. It also audits stops by the kill
 * switch. Fenced: a run must have the given attempt and be leased to `holder`. With null the lease must have expired,
 * so that a heartbeat in between wins.
 */
export async function completeRuns(
  db: Executor,
  holder: string | null,
  runs: readonly CompletedRun[],
  now: Date,
): Promise<CompletionResult> {
  return resultOf(
    await db.execute<CompletedRow>(sql`
    ${completion(holder, runs, now)}
    select completed.id, completed.job_id, first_in_line.id as next
      from completed ${firstInLine(now)}`),
  );
}

/**
 * Completes one run as `completeRuns` does, but raises an error when `holder` does not hold the run, so that the
 * statement can be the last of a transaction whose commit follows at once. `lostLease` recognises the error.
 */
export function completeOrRaise(tx: Executor, holder: string, run: CompletedRun, now: Date): Promise<CompletionResult> {
  // `then` and not `await`: the statement is sent before this returns.
  return tx
    .execute<CompletedRow>(
      sql`
    ${completion(holder, [run], now)}
    select completed.id, completed.job_id, first_in_line.id as next,
           case when completed.id is null then ${confirmation([{ id: run.id, attempt: run.attempt, holder }])}::text end as lost
      from (values (1)) one left join completed on true ${firstInLine(now)}`,
    )
    .then(resultOf);
}

type CompletedRow = { id: string; job_id: string; next: string | null };

function resultOf(rows: readonly CompletedRow[]): CompletionResult {
  return {
    ids: new Set([...rows].map(({ id }) => id)),
    unblocked: [...rows].flatMap(({ job_id: jobId, next }) => (next === null ? [] : { id: next, jobId })),
  };
}

/** The common table expressions of a completion; `completed` has the runs that were completed. */
function completion(holder: string | null, runs: readonly CompletedRun[], now: Date): SQL {
  const order = lockInIdOrder(runs, sql`f.id`);
  return sql`with ${order.lock}
    completed as (
      update ${jobRuns} r
         set state = f.state, not_before = f."notBefore", finished_at = f."finishedAt", duration_ms = f."durationMs",
             result = f.result, item_failures = f."itemFailures", item_failure_count = coalesce(f."itemFailureCount", 0),
             -- A run whose cancel was requested keeps the reason until the cancel ends it.
             reason = case when r.cancel_requested_at is not null and f.state = 'retrying' then r.reason else f.reason end,
             reason_code = f."reasonCode", max_attempts = coalesce(f."maxAttempts", r.max_attempts),
             progress = coalesce(f.progress, r.progress),
             errors = case when f.error is null then r.errors else r.errors || f.error end,
             lease_holder = null, lease_expires_at = null
        from jsonb_to_recordset(${JSON.stringify(runs.map(({ id, attempt, next }) => ({ id, attempt, ...next })))}::jsonb)
             as f(id uuid, attempt integer, state text, "notBefore" timestamptz, "finishedAt" timestamptz, "durationMs" bigint,
                  result jsonb, "itemFailures" jsonb, "itemFailureCount" integer, reason text, "reasonCode" text,
                  "maxAttempts" integer, progress jsonb, error jsonb) ${order.join}
       where r.id = f.id and r.attempt = f.attempt
         -- Same as state = 'running', but the planner cannot choose the index of all running runs for it.
         and r.lease_expires_at is not null
         and ${holder === null ? sql`r.lease_expires_at < now()` : sql`r.lease_holder = ${holder}`}
      returning r.id, r.job_id, r.concurrency_key, r.reason_code, f.reason as stopped_because
    ),
    audited as (
      insert into ${auditLog} (at, who, action, subject, reason)
      select ${now.toISOString()}::timestamptz, 'gate', 'run stopped', 'job:' || job_id, stopped_because
        from completed where reason_code = 'kill-switch'
    )`;
}

/** The first due run in the queue of the concurrency key of a row of `completed`. */
function firstInLine(now: Date): SQL {
  return sql`left join lateral (
        select w.id from ${jobRuns} w
         where completed.concurrency_key is not null and w.job_id = completed.job_id and w.concurrency_key = completed.concurrency_key
           and w.lease_expires_at is null and w.finished_at is null and w.cancel_requested_at is null
           and w.not_before <= ${now.toISOString()}::timestamptz
         order by ${queueOrder("w")}, w.id limit 1
      ) first_in_line on true`;
}

/** The row after completion, without a query. */
export function applyNextState(run: Run, { error, ...change }: NextState): Run {
  return {
    ...run,
    notBefore: null,
    finishedAt: null,
    result: null,
    itemFailures: null,
    itemFailureCount: 0,
    reason: null,
    reasonCode: null,
    ...change,
    errors: error ? [...run.errors, error] : run.errors,
    leaseHolder: null,
    leaseExpiresAt: null,
  };
}
