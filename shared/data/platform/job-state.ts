import { and, desc, eq, inArray } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { jobRuns, type Run, type RunState } from "./platform-schema.ts";

/** The current and last runs of one job. */

/**
 * The running and the waiting runs of a job, each by due time. Each kind is read by its own index, so that a long queue
 * is not sorted.
 * @param limit of each kind
 */
export async function openRunsOf(
  db: Executor,
  jobId: string,
  limit: number,
): Promise<{ running: Run[]; waiting: Run[] }> {
  const ofState = (...states: RunState[]) =>
    db
      .select()
      .from(jobRuns)
      .where(and(eq(jobRuns.jobId, jobId), inArray(jobRuns.state, states)))
      .orderBy(jobRuns.notBefore, jobRuns.id)
      .limit(limit);
  const [running, waiting] = await Promise.all([ofState("running"), ofState("queued", "retrying")]);
  return { running, waiting };
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
