import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { alreadyRunning, readRunningApp } from "#local/stack/running-app.ts";
import { readOptions } from "#local/stack/stack-options.ts";

/** `npm start`: builds and runs all of Rota, after checking that it does not run here already. */
const root = join(import.meta.dirname, "..");
const HOOK = pathToFileURL(join(import.meta.dirname, "drizzle-imports.js")).href;

try {
  const { join: joins, stateDirectory } = await readOptions(root, process.argv.slice(2), process.env);
  const app = await readRunningApp(stateDirectory);
  if (app && !joins) throw alreadyRunning(app);
  // A process that joins runs the same build as the first one.
  if (!joins) {
    const script = join(import.meta.dirname, "build.ts");
    execFileSync(process.execPath, ["--import", HOOK, script], { stdio: "inherit" });
  }
  await import("./start-rota.ts");
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
