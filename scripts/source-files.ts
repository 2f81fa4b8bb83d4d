import { glob } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { Route } from "#http/route.ts";
import type { Job } from "#jobs/job.ts";

export interface Export {
  readonly file: string;
  readonly name: string;
}

/**
 * Finds the file and export of every listed job (by id) and route (by path), so that each can be loaded alone.
 * @throws Error naming a job or route that is listed and not exported
 */
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
  const files: string[] = [];
  for await (const file of glob("*/**/*.ts", { cwd: folder })) files.push(file);
  const found = new Map<unknown, Export>();
  // A later file replaces an earlier one: an index that passes an export on would load all that it lists.
  for (const entry of files.toSorted((a, b) => indexRank(a) - indexRank(b) || (a < b ? -1 : 1))) {
    const file = join(folder, entry);
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(module)) found.set(value, { file, name });
  }
  return found;
}

/** Orders the outer indexes before the inner ones, and these before other files. */
function indexRank(file: string): number {
  return basename(file) === "index.ts" ? file.split(sep).length : Number.MAX_SAFE_INTEGER;
}
