import { and, desc, eq, gte, lt, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Db, Executor, Tx } from "../client.ts";
import { jobRuns, type Run, type RunState, type Trigger } from "./platform-schema.ts";
import { firstIdAt } from "./run-id.ts";

export async function findRun(db: Executor, id: string): Promise<Run | undefined> {
  const [row] = await db.select().from(jobRuns).where(eq(jobRuns.id, id));
  return row;
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
  return db
    .select()
    .from(jobRuns)
    .where(
      and(
        filter.jobId ? eq(jobRuns.jobId, filter.jobId) : undefined,
        filter.state ? eq(jobRuns.state, filter.state) : undefined,
        filter.family ? eq(jobRuns.family, filter.family) : undefined,
        filter.trigger ? eq(jobRuns.trigger, filter.trigger) : undefined,
        // The range of ids uses the primary key. The clock of `queued_at` also makes the ids.
        filter.since ? and(gte(jobRuns.id, firstIdAt(filter.since)), gte(jobRuns.queuedAt, filter.since)) : undefined,
        filter.until ? lt(jobRuns.queuedAt, filter.until) : undefined,
        filter.text ? sql`position(lower(${filter.text}) in lower(${jobRuns.input}::text)) > 0` : undefined,
        filter.before ? lt(jobRuns.id, filter.before) : undefined,
      ),
    )
    .orderBy(desc(jobRuns.id))
    .limit(filter.limit);
}
