import { and, desc, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Db, Executor, Tx } from "../client.ts";
import { jobRuns, type Run, RUN_STATES, type RunState, type Trigger } from "./platform-schema.ts";
import { firstIdAt } from "./run-id.ts";

export async function findRun(db: Executor, id: string): Promise<Run | undefined> {
  const [row] = await db.select().from(jobRuns).where(eq(jobRuns.id, id));
  return row;
}

/** Runs by their ids, in the order of these. Runs that the ledger does not have are left out. */
export async function findRuns(db: Executor, ids: readonly string[]): Promise<Run[]> {
  const rows = await db
    .select()
    .from(jobRuns)
    .where(sql`${jobRuns.id} = any (${plainArray(ids)}::uuid[])`);
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => found.get(id) ?? []);
}

/** Locks a run until the caller's transaction ends. */
export async function lockRun(tx: Tx, id: string): Promise<Run | undefined> {
  const [row] = await tx.select().from(jobRuns).where(eq(jobRuns.id, id)).for("update");
  return row;
}

/** The ids without a run. */
export async function runsNotInLedger(db: Executor, ids: readonly string[]): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select id from unnest(${plainArray(ids)}::uuid[]) as asked (id)
     where not exists (select from ${jobRuns} run where run.id = asked.id)`);
  return [...rows].map(({ id }) => id);
}

/** Runs whose parent is the run: repeats, chained and enqueued runs, oldest first. */
export async function childrenOf(
  db: Executor,
  runId: string,
  limit: number,
): Promise<Pick<Run, "id" | "jobId" | "trigger" | "state">[]> {
  const { id, jobId, trigger, state } = jobRuns;
  return db
    .select({ id, jobId, trigger, state })
    .from(jobRuns)
    .where(eq(jobRuns.parentRunId, runId))
    .orderBy(id)
    .limit(limit);
}

export interface RunFilter {
  readonly jobId?: string | undefined;
  readonly state?: RunState | undefined;
  readonly family?: string | undefined;
  readonly trigger?: Trigger | undefined;
  /** Enqueued at or after. */
  readonly since?: Date | undefined;
  /** Enqueued before. */
  readonly until?: Date | undefined;
  /** Occurs in the JSON text of the input; case-insensitive. */
  readonly text?: string | undefined;
  /** The id of the last run of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first. Ids are time-ordered, so the id of the last row is the key of the next page. */
export async function listRuns(db: Db, filter: RunFilter): Promise<Run[]> {
  const isMatch = matches(filter);
  // Rare states have an index of their own, and a job has one for all of its states.
  const family = filter.jobId === undefined && !isRare(filter.state) ? filter.family : undefined;
  return db
    .select()
    .from(jobRuns)
    .where(family ? sql`${jobRuns.id} in (${pageOfFamily(family, isMatch, filter.limit)})` : isMatch)
    .orderBy(desc(jobRuns.id))
    .limit(filter.limit);
}

function matches(filter: RunFilter): SQL | undefined {
  return and(
    filter.jobId ? eq(jobRuns.jobId, filter.jobId) : undefined,
    // As text: an index of one state serves a statement that has this state, and not one with a parameter.
    filter.state ? sql`${jobRuns.state} = ${literal(filter.state)}` : undefined,
    filter.family ? eq(jobRuns.family, filter.family) : undefined,
    filter.trigger ? eq(jobRuns.trigger, filter.trigger) : undefined,
    // The range of ids uses the primary key. The clock of `queued_at` also makes the ids.
    filter.since ? and(gte(jobRuns.id, firstIdAt(filter.since)), gte(jobRuns.queuedAt, filter.since)) : undefined,
    filter.until ? lt(jobRuns.queuedAt, filter.until) : undefined,
    filter.text ? sql`position(lower(${filter.text}) in lower(${jobRuns.input}::text)) > 0` : undefined,
    filter.before ? lt(jobRuns.id, filter.before) : undefined,
  );
}

function literal(state: RunState): SQL {
  return sql.raw(`'${RUN_STATES.find((known) => known === state)}'`);
}

function isRare(state: RunState | undefined): boolean {
  return state !== undefined && state !== "succeeded";
}

/**
 * The ids of a page of the runs of a family, from the index of each job: an index by family would cost each claim and
 * completion a write. The first and the newest run of a job show whether it is or was of the family.
 */
function pageOfFamily(family: string, isMatch: SQL | undefined, limit: number): SQL {
  return sql`
    with recursive job as (
      (select run.job_id from ${jobRuns} as run order by run.job_id limit 1)
      union all
      select following.job_id from job cross join lateral (
        select run.job_id from ${jobRuns} as run where run.job_id > job.job_id order by run.job_id limit 1
      ) as following
    )
    select newest.id from job cross join lateral (
      select ${jobRuns.id} from ${jobRuns} where ${jobRuns.jobId} = job.job_id and ${isMatch}
       order by ${jobRuns.id} desc limit ${limit}
    ) as newest
    where ${family} in (
      (select run.family from ${jobRuns} as run where run.job_id = job.job_id order by run.id limit 1),
      (select run.family from ${jobRuns} as run where run.job_id = job.job_id order by run.id desc limit 1)
    )
    order by newest.id desc limit ${limit}`;
}
