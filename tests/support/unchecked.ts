import type { Job } from "#jobs/job.ts";

/** The job without the check of its input, for runs whose input has become wrong after they were enqueued. */
export function unchecked({ checkInput: _, ...job }: Job): Job {
  return job;
}
