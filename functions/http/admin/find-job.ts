import type { App } from "#http/app-services.ts";
import { notFound } from "#http/problem.ts";
import type { Job } from "#jobs/job.ts";
import { suggestion } from "#text/suggestion.ts";

/** Finds a job by its id. @throws Problem 404 with the most similar id */
export async function findJob(app: Pick<App, "jobs">, id: string): Promise<Job> {
  const job = await app.jobs.find(id);
  if (job) return job;
  const meant = suggestion(id, app.jobs.ids);
  throw notFound(`there is no job ${id}${meant ? `; did you mean ${meant}?` : ""}`);
}
