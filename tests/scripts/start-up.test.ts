import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { jobs, routes } from "#functions/index.ts";
import { zoneOf } from "#schedule/zone.ts";
import { SETTINGS } from "#settings/config.ts";

const root = join(import.meta.dirname, "../..");
const main = join(root, "dist/main.js");

let started: { files: string[]; formats: number; registered: number };
beforeAll(() => {
  if (!existsSync(main)) throw new Error(`expected the built app at ${main}: run npm run build first`);
  const core = pathToFileURL(join(root, "bench/cold-start/functions-core.mjs")).href;
  const child = join(import.meta.dirname, "start-up.child.ts");
  const out = execFileSync(process.execPath, ["--import", core, child, pathToFileURL(main).href], {
    encoding: "utf8",
    env: { DATABASE_URL: "postgres://nobody@127.0.0.1/none" },
  });
  started = JSON.parse(out) as typeof started;
});

/** The contents of the loaded chunks: packages by name, files of the app by path. */
async function contents(): Promise<string[]> {
  const sources = await Promise.all(started.files.map((url) => sourcesOf(fileURLToPath(url))));
  return [...new Set(sources.flat().flatMap(nameOf))].toSorted();
}

async function sourcesOf(file: string): Promise<string[]> {
  return (JSON.parse(await readFile(`${file}.map`, "utf8")) as { sources: string[] }).sources;
}

function nameOf(source: string): string[] {
  // A package that is a bundle itself has its own source map.
  const [, name] = /(?:node_modules\/|webpack:\/\/)((?:@[^/]+\/)?[^/]+)/.exec(source) ?? [];
  return [name ?? source.replace(/^(\.\.\/)+/, "")];
}

it("a start registers all functions, and loads no other library than @azure/functions", async () => {
  expect(started.registered).toBeGreaterThan(new Set(routes.map(({ path }) => path)).size);
  const names = (await contents()).filter((name) => !name.endsWith(".ts"));
  expect(names).toEqual(["@azure/functions", "@azure/functions-extensions-base", "cookie"]);
});

it("a start loads only the app's code for settings and triggers, and no job, route or table", async () => {
  const files = (await contents()).filter((name) => name.endsWith(".ts"));
  expect(jobs.length).toBeGreaterThan(0);
  const atStart = /^(main|shared\/(azure|diagnostics|http|jobs|messaging|schedule|settings|text)\/.*)\.ts$/;
  expect(files.filter((file) => !atStart.test(file))).toEqual([]);
  expect(files).not.toContain("shared/azure/runtime.ts");
});

it("a start with the default zones does not create an Intl.DateTimeFormat, which would take most of the time", () => {
  expect(started.formats).toBe(0);
  const zones = Object.entries(SETTINGS).flatMap(([name, setting]) =>
    name.endsWith("_TIME_ZONE") && "fallback" in setting ? [setting.fallback] : [],
  );
  expect(zones.length).toBeGreaterThan(0);
  for (const zone of zones) expect(zoneOf(zone).name).toBe(zone);
});
