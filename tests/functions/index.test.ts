import { existsSync } from "node:fs";
import { glob, readdir, readFile } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { camelCase, manifestOf } from "#azure/manifest.ts";
import { dataSets } from "#functions/data-sets.ts";
import * as families from "#functions/families.ts";
import { jobs, routes } from "#functions/index.ts";
import type { Job } from "#jobs";
import { sourceFiles } from "../../scripts/source-files.ts";

const tests = import.meta.dirname;
const folder = join(tests, "../../functions");
const kebab = (snake: string) => snake.replaceAll("_", "-");
/** Whether an export is a job, by the shape that `defineJob` makes. */
const isJob = (value: unknown): value is Job =>
  typeof value === "object" && value !== null && "work" in value && "family" in value && "concurrencyKey" in value;

async function jobsByFile(): Promise<Map<string, { name: string; job: Job }[]>> {
  const found = new Map<string, { name: string; job: Job }[]>();
  for await (const path of glob("*/**/*.ts", { cwd: folder })) {
    const module = (await import(pathToFileURL(join(folder, path)).href)) as Record<string, unknown>;
    const exported = Object.entries(module).flatMap(([name, job]) => (isJob(job) ? [{ name, job }] : []));
    found.set(path.split(sep).join("/"), exported);
  }
  return found;
}

describe("every job", () => {
  it("is in the folder of its family; its file, or folder, and its export have its id as name", async () => {
    const { jobs: sources } = await sourceFiles(folder, { jobs, routes });
    for (const { id, family } of jobs) {
      const path = join(folder, family.id, kebab(id));
      const { file, name } = sources.get(id)!;
      expect([`${path}.ts`, join(path, "index.ts")], id).toContain(file);
      expect(name, id).toBe(camelCase(id));
    }
  });

  it("has a test with the same path", () => {
    for (const { id, family } of jobs) {
      expect(existsSync(join(tests, family.id, `${kebab(id)}.test.ts`)), `tests of ${id}`).toBe(true);
    }
  });

  it("is alone in its file, and is listed", async () => {
    const listed = new Set(jobs);
    for (const [file, exported] of await jobsByFile()) {
      expect(exported.length, `${file} exports ${exported.map(({ name }) => name).join(" and ")}`).toBeLessThan(2);
      for (const { name, job } of exported)
        expect(listed.has(job), `${name} of ${file} is listed in index.ts`).toBe(true);
    }
  });

  it("belongs to a listed family, with a unique id", () => {
    const known = Object.values(families);
    for (const { id, family } of jobs) expect(known, id).toContain(family);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(jobs.length);
    expect(new Set(known.map(({ id }) => id)).size).toBe(known.length);
  });

  it("has a summary of one line, without a full stop", () => {
    for (const { id, summary } of jobs) expect(summary, id).toMatch(/^[A-Z][^\n]{9,98}[^.\s]$/);
  });

  it("has a timeout below that of the host, which ends the whole process", async () => {
    const host = JSON.parse(await readFile(join(folder, "../host.json"), "utf8")) as { functionTimeout: string };
    const [hours = NaN, minutes = NaN, seconds = NaN] = host.functionTimeout.split(":").map(Number);
    const hostMs = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
    for (const { id, timeoutMs } of jobs) expect(timeoutMs, id).toBeLessThan(hostMs);
  });

  it("with a timer has a schema that accepts an empty input", () => {
    for (const { id, on, input } of jobs) {
      if ("expression" in on) expect(input.safeParse({}).success, id).toBe(true);
    }
  });
});

it("a family's folder has its index, its jobs, and nothing else", async () => {
  for (const { id: family } of Object.values(families)) {
    const names = jobs.filter((job) => job.family.id === family).map(({ id }) => kebab(id));
    const allowed = new Set(["index", ...names]);
    for (const entry of await readdir(join(folder, family), { withFileTypes: true })) {
      expect(allowed, `${family}/${entry.name}`).toContain(entry.isFile() ? basename(entry.name, ".ts") : entry.name);
    }
  }
});

it("a folder of a job has more than the job: a job of one file is a file", async () => {
  for await (const path of glob("{platform,portfolio,tasks,tax-liens,knowledge,personal-ops}/*/", { cwd: folder })) {
    expect((await readdir(join(folder, path))).length, path).toBeGreaterThan(1);
  }
});

it("jobs and data sets name jobs that exist, and each former id is the id of no job", () => {
  const ids = jobs.map(({ id }) => id);
  for (const { id, then, formerIds } of jobs) {
    for (const next of then) expect(ids, `${id} starts ${next}`).toContain(next);
    for (const former of formerIds) expect(ids, `${id} was ${former}`).not.toContain(former);
  }
  for (const dataSet of dataSets) for (const id of dataSet.jobs) expect(ids, `${dataSet.id} names ${id}`).toContain(id);
});

describe("every route", () => {
  it("is below functions/http and has its own export", async () => {
    const { routes: sources } = await sourceFiles(folder, { jobs, routes });
    const files = [...sources.values()].flat();
    for (const { file } of files) expect(file.startsWith(join(folder, "http") + sep), file).toBe(true);
    expect(new Set(files.map(({ file, name }) => `${file} ${name}`)).size).toBe(routes.length);
  });

  it("begins with api/, where the host has no routes, except the dashboard", () => {
    for (const { path } of routes) expect(path).toMatch(/^(api\/|\{\*|$)/);
  });
});

it("the host can register the manifest of all jobs and routes", () => {
  const { jobs: registered, paths } = manifestOf(jobs, routes);
  expect(registered).toHaveLength(jobs.length);
  expect(paths.flatMap(({ methods }) => methods)).toHaveLength(routes.length);
  for (const { functionName } of [...registered, ...paths]) expect(functionName).toMatch(/^[a-z][A-Za-z0-9]{0,126}$/);
});
