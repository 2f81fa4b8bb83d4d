import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const HOOK = pathToFileURL(join(ROOT, "scripts/drizzle-imports.js")).href;

/** The modules that a process loads for Drizzle, and what they export. */
function loaded(...flags: string[]): unknown {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const script = `
    import { registerHooks } from "node:module";
    const modules = [];
    registerHooks({ load: (url, context, next) => (modules.push([url, context.format]), next(url, context)) });
    const [drizzle, driver] = await Promise.all([import("drizzle-orm/pg-core"), import("drizzle-orm/postgres-js")]);
    console.log(JSON.stringify({ modules: modules.toSorted(), exports: [Object.keys(drizzle), Object.keys(driver)] }));`;
  const args = [...flags, "--input-type=module", "--eval", script];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT, env, encoding: "utf8" }));
}

it("a process with the hook loads the same files of Drizzle in the same format as one without", () => {
  const plain = loaded() as { modules: unknown[] };
  expect(plain.modules.length).toBeGreaterThan(50);
  expect(loaded("--import", HOOK)).toEqual(plain);
});
