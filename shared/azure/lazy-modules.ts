import type { Route } from "#http/route.ts";
import type { Job } from "#jobs/job.ts";

/** Imports the modules of jobs (by id) and routes (by path) at their first use. */
export interface LazyModules {
  readonly jobs: Readonly<Record<string, () => Promise<Job>>>;
  readonly routes: Readonly<Record<string, () => Promise<readonly Route[]>>>;
}
