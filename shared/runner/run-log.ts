import type { Run } from "#data/platform/schema.ts";
import type { JobLog } from "#jobs/job-log.ts";

/** The log whose every line names the run. */
export function logOf(log: JobLog, run: Pick<Run, "id" | "jobId" | "attempt" | "correlationId">): JobLog {
  return log.with({ job: run.jobId, run: run.id, attempt: run.attempt, correlationId: run.correlationId });
}
