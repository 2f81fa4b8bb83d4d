import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "..");

/**
 * Builds another app on the same layer, for a benchmark or a test, inside the project so that packages resolve. The
 * caller deletes it.
 * @param functions its folder, relative to the project; a host.json there replaces that of the project
 * @returns the directory that a host starts
 */
export async function builtApp(functions: string): Promise<string> {
  const made = join(ROOT, ".rota/built");
  await mkdir(made, { recursive: true });
  const app = await mkdtemp(join(made, "app-"));
  const build = ["--functions", functions, "--out", relative(ROOT, join(app, "dist"))];
  await promisify(execFile)(process.execPath, [join(ROOT, "scripts/build.ts"), ...build], { cwd: ROOT });
  const own = join(ROOT, functions, "host.json");
  await copyFile(existsSync(own) ? own : join(ROOT, "host.json"), join(app, "host.json"));
  await writeFile(join(app, "package.json"), JSON.stringify({ type: "module", main: "dist/main.js" }));
  return app;
}
