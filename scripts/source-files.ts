import { glob } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Route } from "#http/route.ts";
import type { Job } from "#jobs/job.ts";

export interface Export {
  readonly file: string;
  readonly name: string;
}

/** Finds the file and export of every listed job (by id) and route (by path): what is not exported cannot be loaded alone. */
export async function sourceFiles(
  folder: string,
  { jobs, routes }: { jobs: readonly Job[]; routes: readonly Route[] },
): Promise<{ jobs: Map<string, Export>; routes: Map<string, Export[]> }> {
  const exports = await exportsOf(folder);
  const find = (value: object, what: string): Export => {
    const found = exports.get(value);
    if (!found) throw new Error(`${what} is listed in functions/index.ts, but no file below functions/ exports it`);
    return found;
  };
  const byPath = new Map<string, Export[]>();
  for (const route of routes) {
    byPath.set(route.path, [...(byPath.get(route.path) ?? []), find(route, `${route.method} ${route.path}`)]);
  }
  return { jobs: new Map(jobs.map((job) => [job.id, find(job, job.id)])), routes: byPath };
}

async function exportsOf(folder: string): Promise<Map<unknown, Export>> {
  const found = new Map<unknown, Export>();
  for await (const entry of glob("*/**/*.ts", { cwd: folder })) {
    const file = join(folder, entry);
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(module)) found.set(value, { file, name });
  }
  return found;
}
