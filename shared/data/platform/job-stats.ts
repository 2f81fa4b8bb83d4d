import { sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";
import { at, dateOf } from "../sql-instant.ts";
import { auditLog, controls, pauses } from "./control-schema.ts";
import { isOpen } from "./dead-letters.ts";
import type { Gated, Refusal } from "./gate-refusals.ts";
import { jobRuns, type RunState, type Trigger } from "./platform-schema.ts";
import { firstIdAt } from "./run-id.ts";

/** Statistics of many jobs. Each function sends one statement, for any number of jobs. */

export interface LastRun {
  readonly id: string;
  readonly state: RunState;
  readonly trigger: Trigger;
  readonly attempt: number;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly durationMs: number | null;
  readonly itemFailureCount: number;
}

/** The newest run of each job, leaving out slots that were skipped. */
export async function lastRuns(db: Executor, jobIds: readonly string[]): Promise<Map<string, LastRun>> {
  const rows = await db.execute<{ job_id: string; run: Record<keyof LastRun, unknown> }>(sql`
    select wanted.job_id, json_build_object('id', r.id, 'state', r.state, 'trigger', r.trigger, 'attempt', r.attempt,
             'startedAt', r.started_at, 'finishedAt', r.finished_at, 'durationMs', r.duration_ms,
             'itemFailureCount', r.item_failure_count) as run
      from unnest(${plainArray(jobIds)}) as wanted(job_id)
      cross join lateral (
        select * from ${jobRuns} newest
         where newest.job_id = wanted.job_id and newest.state <> 'skipped' order by newest.id desc limit 1
      ) as r`);
  return new Map(
    [...rows].map(({ job_id, run }) => [
      job_id,
      { ...(run as unknown as LastRun), startedAt: dateOf(run.startedAt), finishedAt: dateOf(run.finishedAt) },
    ]),
  );
}

export interface RecentStats {
  readonly succeeded: number;
  readonly dead: number;
  readonly skipped: number;
  /** Of succeeded runs; null without one. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

/** Counts and durations of the runs that were enqueued since an instant, by job. Jobs without runs are left out. */
export async function statsSince(db: Executor, since: Date): Promise<Map<string, RecentStats>> {
  const rows = await db.execute<Row<RecentStats>>(sql`
    select job_id as "jobId",
           count(*) filter (where state = 'succeeded')::integer as succeeded,
           count(*) filter (where state = 'dead')::integer as dead,
           count(*) filter (where state = 'skipped')::integer as skipped,
           (percentile_disc(0.5) within group (order by duration_ms) filter (where state = 'succeeded'))::float8 as "p50Ms",
           (percentile_disc(0.95) within group (order by duration_ms) filter (where state = 'succeeded'))::float8 as "p95Ms"
      from ${jobRuns} where id >= ${firstIdAt(since)}::uuid group by job_id`);
  return new Map([...rows].map(({ jobId, ...figures }) => [jobId, figures]));
}

export interface OpenRuns {
  readonly waiting: number;
  readonly running: number;
  /** Without repeated runs. */
  readonly dead: number;
  /**
   * The due time of the run that has been due for the longest; null when none is due. A run that waited for a gate
   * counts from the last change of a switch or the end of a pause.
   */
  readonly oldestDueAt: Date | null;
}

/**
 * The waiting, running and dead runs by job, each read from a partial index. Jobs without any are left out.
 * @param closed the codes of gates that settings close for some runs of a job: such a run that waits is not due
 */
export async function openRuns(
  db: Executor,
  now: Date,
  closed: readonly string[] = [],
): Promise<Map<string, OpenRuns>> {
  const rows = await db.execute<Row<Omit<OpenRuns, "oldestDueAt"> & { oldestDueAt: unknown }>>(sql`
    select job_id as "jobId", sum(waiting)::integer as waiting, sum(running)::integer as running, sum(dead)::integer as dead,
           min(due_at) as "oldestDueAt"
      from (
        select job_id, waiting, 0 as running, 0 as dead, greatest(first_due, opened.at) as due_at
          from (
            select job_id, family, reason_code, array['all', 'family:' || family, 'job:' || job_id] as scopes,
                   count(*) as waiting,
                   min(not_before) filter (
                     where not_before <= ${at(now)} and (reason_code = any (${plainArray(closed)})) is not true) as first_due
              from ${jobRuns} where state in ('queued', 'retrying') group by job_id, family, reason_code
          ) as held
          left join lateral (
            select greatest(
              (select max(c.changed_at) from ${controls} c where c.scope in ('global', held.family)),
              (select max(l.at) from ${auditLog} l where l.subject = any (held.scopes) and l.action = 'resumed'),
              (select max(p.until) from ${pauses} p where p.scope = any (held.scopes) and p.until <= ${at(now)})
            ) as at
          ) as opened on reason_code is not null and first_due is not null
        union all
        select job_id, 0, count(*), 0, null from ${jobRuns} where state = 'running' group by job_id
        union all
        select job_id, 0, 0, count(*), null from ${jobRuns} where state = 'dead' and ${isOpen} group by job_id
      ) as part group by job_id`);
  return new Map(
    [...rows].map(({ jobId, oldestDueAt, ...open }) => [jobId, { ...open, oldestDueAt: dateOf(oldestDueAt) }]),
  );
}

/** The jobs that a gate refuses now, with the first refusal. */
export async function refusals(db: Executor, jobs: readonly Gated[], now: Date): Promise<Map<string, Refusal>> {
  const rows = await db.execute<Row<Refusal>>(sql`
    select asked."jobId", refusal.code, refusal.reason
      from jsonb_to_recordset(${JSON.stringify(jobs)}::jsonb) as asked("jobId" text, family text, needs text[])
      cross join lateral platform.gate_refusal(asked."jobId", asked.family, asked.needs, ${at(now)}) as refusal`);
  return new Map([...rows].map(({ jobId, ...refusal }) => [jobId, refusal]));
}

/** The number of dead runs of each job since its last one that succeeded. */
export async function consecutiveFailures(db: Executor, jobIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.execute<{ jobId: string; failures: number }>(sql`
    select wanted.job_id as "jobId",
           (select count(*)::integer from ${jobRuns} dead
             where dead.job_id = wanted.job_id and dead.state = 'dead'
               and dead.id > coalesce((select good.id from ${jobRuns} good
                                        where good.job_id = wanted.job_id and good.state = 'succeeded'
                                        order by good.id desc limit 1),
                                      '00000000-0000-0000-0000-000000000000'::uuid)) as failures
      from unnest(${plainArray(jobIds)}) as wanted(job_id)`);
  return new Map([...rows].map(({ jobId, failures }) => [jobId, failures]));
}

/** A result row of one job. */
type Row<Facts> = Facts & { readonly jobId: string } & Record<string, unknown>;
