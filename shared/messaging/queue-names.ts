/** The queue that carries the runs of all jobs without a queue of their own. */
export const SHARED_QUEUE = "job-runs";

/** The function that receives its messages. */
export const SHARED_QUEUE_FUNCTION = "jobRuns";

/** The queue of an event-driven job: its id with hyphens, as Service Bus names are written. */
export function ownQueue(jobId: string): string {
  return jobId.replaceAll("_", "-");
}
