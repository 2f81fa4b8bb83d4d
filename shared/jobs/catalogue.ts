import type { Job } from "./job.ts";

/** All jobs of the app, each loaded with its first use: a process that runs one job loads the code of one. */
export interface JobCatalogue {
  readonly ids: readonly string[];
  find(id: string): Promise<Job | undefined>;
  all(): Promise<readonly Job[]>;
}

/** @param loaders the loader of each job, by its id */
export function lazyCatalogue(loaders: Readonly<Record<string, () => Promise<Job>>>): JobCatalogue {
  const ids = Object.keys(loaders);
  // The entry of a build and the chunks that it loads may be of two versions.
  const load = async (id: string): Promise<Job> => {
    const job = await loaders[id]?.();
    if (job?.id === id) return job;
    throw new TypeError(`the loader of job ${id} returned ${job ? `job ${job.id}` : "nothing"}: build the app again`);
  };
  return {
    ids,
    find: async (id) => (Object.hasOwn(loaders, id) ? load(id) : undefined),
    all: () => Promise.all(ids.map(load)),
  };
}

/**
 * A catalogue of loaded jobs, for tests.
 * @throws TypeError when two have the same id
 */
export function catalogueOf(jobs: readonly Job[]): JobCatalogue {
  const duplicate = jobs.find(({ id }, i) => jobs.findIndex((other) => other.id === id) !== i);
  if (duplicate) throw new TypeError(`two jobs have the id ${duplicate.id}`);
  return lazyCatalogue(Object.fromEntries(jobs.map((job) => [job.id, async () => job])));
}
