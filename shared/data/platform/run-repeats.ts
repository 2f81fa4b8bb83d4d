import { and, asc, count, gt, lte, notInArray, or, type SQL, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import { jobRuns, type Run } from "./platform-schema.ts";
import { type RawRun, runOf } from "./run-row.ts";
import type { NewRun } from "./waiting-runs.ts";

/*
 * A chain is a run, its repeats, the repeats of these, and so on. Each door that repeats runs locks the ended runs of
 * their chains and then reads the chains: of two requests at once, the second sees what the first has added.
 */

/** Whether a run repeats its parent: a person asked for it, or a backfill for its slot. @param run its alias */
function isRepeat(run: "run" | "repeat"): SQL {
  return sql.raw(`(${run}.trigger in ('retry', 'replay') or ${run}.backfill_id is not null)`);
}

/** Whether a run has a repeat, of any state. */
export const hasRepeat = sql`exists (select from ${jobRuns} repeat
  where repeat.parent_run_id = ${jobRuns.id} and ${isRepeat("repeat")})`;

/** Whether a run has a later one in its chain that was neither skipped nor cancelled. */
export const isRepeated = sql`exists (select from ${jobRuns} repeat
  where repeat.parent_run_id = ${jobRuns.id} and ${isRepeat("repeat")} and (
    repeat.state not in ('skipped', 'cancelled') or exists (
      with recursive later as (
        select run.id, run.state from ${jobRuns} run where run.parent_run_id = repeat.id and ${isRepeat("run")}
        union all
        select run.id, run.state from later join ${jobRuns} run on run.parent_run_id = later.id and ${isRepeat("run")}
      ) select from later where state not in ('skipped', 'cancelled'))))`;

/** `member`: the runs of the chain of each asked run. `after`: whether it is the asked run or descends from it. */
function chainsOf(ids: readonly string[]): SQL {
  const parent = sql`case when ${isRepeat("run")} then run.parent_run_id end`;
  return sql`
    with recursive ancestor as (
      select run.id as asked, run.id, ${parent} as parent from ${jobRuns} run where run.id = any (${plainArray(ids)}::uuid[])
      union all
      -- The ledger may have pruned the first runs of a chain: the repeats of one of them still belong together.
      select ancestor.asked, ancestor.parent, ${parent}
        from ancestor left join ${jobRuns} run on run.id = ancestor.parent where ancestor.parent is not null
    ),
    member as (
      select asked, id, asked = id as after from ancestor where parent is null
      union
      select member.asked, run.id, member.after or run.id = member.asked
        from member join ${jobRuns} run on run.parent_run_id = member.id and ${isRepeat("run")}
    )`;
}

/** Where a page of runs to repeat starts. */
export interface RepeatCursor {
  /** The last run of the page before. */
  readonly after: string | null;
  /** The time of the first page. */
  readonly begunAt: Date;
}

/** A page of runs to repeat, in the order of their ids. */
export interface RepeatPage extends RepeatCursor {
  readonly limit: number;
}

/** The runs after a page. Repeats that were queued after the first page are left out: the pages may have made them. */
function follows({ after, begunAt }: RepeatCursor): SQL | undefined {
  return and(
    after === null ? undefined : gt(jobRuns.id, after),
    or(lte(jobRuns.queuedAt, begunAt), notInArray(jobRuns.trigger, ["retry", "replay"])),
  );
}

/** The ids of a page of runs, oldest first. */
export async function idsOfPage(
  tx: Executor,
  matches: SQL | undefined,
  { limit, ...page }: RepeatPage,
): Promise<string[]> {
  const rows = await tx
    .select({ id: jobRuns.id })
    .from(jobRuns)
    .where(and(matches, follows(page)))
    .orderBy(asc(jobRuns.id))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** The number of runs by job. */
export async function countByJob(tx: Executor, matches: SQL | undefined): Promise<Record<string, number>> {
  const rows = await tx
    .select({ jobId: jobRuns.jobId, runs: count() })
    .from(jobRuns)
    .where(matches)
    .groupBy(jobRuns.jobId)
    .orderBy(jobRuns.jobId);
  return Object.fromEntries(rows.map(({ jobId, runs }) => [jobId, runs]));
}

/** Locks the ended runs of the chains of some runs, until the caller's transaction ends. */
export async function lockChains(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.execute(sql`
    ${chainsOf(ids)}
    select from ${jobRuns} run where run.id in (select id from member) and run.finished_at is not null
     -- The same order in each transaction, so that two cannot deadlock.
     order by run.id for update of run`);
}

/** A run that may be repeated. */
export interface RepeatableRun extends Pick<Run, "id" | "jobId" | "state" | "correlationId" | "scheduledFor" | "asOf"> {
  /** Bytes of its input as text. */
  readonly inputSize: number;
  /**
   * The run of its chain that says most against a repeat: one that waits or runs, one that succeeded, or the last of
   * the later ones.
   */
  readonly rival: Pick<Run, "id" | "state"> | null;
}

/** Runs with the state of their chains, in the order of their ids. Unknown ids are left out. */
export async function repeatableRuns(tx: Executor, ids: readonly string[]): Promise<RepeatableRun[]> {
  const rows = await tx.execute<RawRun>(sql`
    ${chainsOf(ids)},
    rival as (
      select distinct on (asked.id) asked.id as asked, run.id, run.state
        from member join ${jobRuns} run on run.id = member.id join ${jobRuns} asked on asked.id = member.asked
       where run.id <> asked.id
         and (run.state in ('queued', 'running', 'retrying', 'succeeded') or member.after
              or (run.queued_at, run.id) > (asked.queued_at, asked.id))
       order by asked.id, run.state in ('queued', 'running', 'retrying') desc, run.state = 'succeeded' desc,
                run.queued_at desc, run.id desc
    )
    select run.id, run.job_id, run.state, run.correlation_id, run.scheduled_for, run.as_of,
           octet_length(run.input::text) as input_size, rival.id as rival_id, rival.state as rival_state
      from ${jobRuns} run left join rival on rival.asked = run.id
     where run.id = any (${plainArray(ids)}::uuid[])
     order by run.id`);
  return [...rows].map((row) => {
    const { id, jobId, state, correlationId, scheduledFor, asOf } = runOf(row);
    const rival = row.rival_id === null ? null : { id: row.rival_id as string, state: row.rival_state as Run["state"] };
    return { id, jobId, state, correlationId, scheduledFor, asOf, inputSize: Number(row.input_size), rival };
  });
}

/**
 * Inserts repeats of runs, in one statement. A run with an unfinished repeat is left out: an index allows one per run.
 */
export async function insertRepeats(tx: Tx, runs: readonly NewRun[], now: Date): Promise<Run[]> {
  if (runs.length === 0) return [];
  const rows = await tx.execute<RawRun>(sql`
    insert into ${jobRuns} (id, job_id, family, trigger, state, input, max_attempts, not_before, queued_at, as_of,
                            concurrency_key, correlation_id, parent_run_id, requested_by, idempotency_key)
    select id, "jobId", family, trigger, 'queued', input, "maxAttempts", ${at(now)}, ${at(now)}, "asOf",
           "concurrencyKey", "correlationId", "parentRunId", "requestedBy", "idempotencyKey"
      from jsonb_to_recordset(${JSON.stringify(runs)}::jsonb)
           as run(id uuid, "jobId" text, family text, trigger text, input jsonb, "maxAttempts" integer, "asOf" timestamptz,
                  "concurrencyKey" text, "correlationId" text, "parentRunId" uuid, "requestedBy" text, "idempotencyKey" text)
     order by id
    on conflict do nothing
    returning *`);
  return [...rows].map(runOf);
}
