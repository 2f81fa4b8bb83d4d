import { and, desc, eq, inArray, sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { jobRuns, type Run } from "./platform-schema.ts";

/** What one job does and did last, each question one statement. */

/** Runs of a job that run or wait: those that run first, then by their time. */
export async function openRunsOf(db: Executor, jobId: string, limit: number): Promise<Run[]> {
  return db
    .select()
    .from(jobRuns)
    .where(and(eq(jobRuns.jobId, jobId), inArray(jobRuns.state, ["running", "queued", "retrying"])))
    .orderBy(sql`${jobRuns.state} <> 'running'`, jobRuns.notBefore, jobRuns.id)
    .limit(limit);
}

/** The newest run of a job that has ended, skipped slots included. */
export async function lastEndedRunOf(db: Executor, jobId: string): Promise<Run | undefined> {
  const [row] = await db
    .select()
    .from(jobRuns)
    .where(and(eq(jobRuns.jobId, jobId), inArray(jobRuns.state, ["succeeded", "dead", "skipped", "cancelled"])))
    .orderBy(desc(jobRuns.id))
    .limit(1);
  return row;
}
