import { and, desc, eq, inArray, sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { jobRuns, type Run } from "./platform-schema.ts";

/** The current and last runs of one job. Each function sends one statement. */

/** The running and waiting runs of a job: running ones first, then by due time. */
export async function openRunsOf(db: Executor, jobId: string, limit: number): Promise<Run[]> {
  return db
    .select()
    .from(jobRuns)
    .where(and(eq(jobRuns.jobId, jobId), inArray(jobRuns.state, ["running", "queued", "retrying"])))
    .orderBy(sql`${jobRuns.state} <> 'running'`, jobRuns.notBefore, jobRuns.id)
    .limit(limit);
}

/** The newest ended run of a job, skipped slots included. */
export async function lastEndedRunOf(db: Executor, jobId: string): Promise<Run | undefined> {
  const [row] = await db
    .select()
    .from(jobRuns)
    .where(and(eq(jobRuns.jobId, jobId), inArray(jobRuns.state, ["succeeded", "dead", "skipped", "cancelled"])))
    .orderBy(desc(jobRuns.id))
    .limit(1);
  return row;
}
