import type { Route } from "#http/route.ts";
import type { Job } from "#jobs/define-job.ts";

/** What loads the code of jobs and routes when it is first needed. */
export interface Loaders {
  readonly jobs: Readonly<Record<string, () => Promise<Job>>>;
  readonly routes: Readonly<Record<string, () => Promise<readonly Route[]>>>;
}
