import type { Job } from "./define-job.ts";

/** All jobs of the app, each loaded when it is first needed: a process that runs one job loads the code of one. */
export interface JobCatalogue {
  readonly ids: readonly string[];
  find(id: string): Promise<Job | undefined>;
  all(): Promise<readonly Job[]>;
}

/** @param loaders per job id, what loads it */
export function lazyCatalogue(loaders: Readonly<Record<string, () => Promise<Job>>>): JobCatalogue {
  const ids = Object.keys(loaders);
  const find = async (id: string) => (Object.hasOwn(loaders, id) ? loaders[id]!() : undefined);
  return { ids, find, all: async () => Promise.all(ids.map((id) => loaders[id]!())) };
}

/** A catalogue of jobs that are there already, as tests have them. */
export function catalogueOf(jobs: readonly Job[]): JobCatalogue {
  return lazyCatalogue(Object.fromEntries(jobs.map((job) => [job.id, async () => job])));
}
