import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** `npm run check`: runs every check, also after one has failed, and names at its end those that failed. */
const root = join(import.meta.dirname, "..");
const CHECKS = ["format", "types", "lint", "dependencies", "dead-code", "settings"];

const failed = CHECKS.filter((check) => {
  process.stdout.write(`── check:${check}\n`);
  // One string: npm is a script on Windows, which only a shell starts.
  return spawnSync(`npm run --silent check:${check}`, { cwd: root, stdio: "inherit", shell: true }).status !== 0;
});
process.stdout.write(failed.length ? `\nFailed: ${failed.join(", ")}\n` : "\nAll checks passed.\n");
process.exitCode = failed.length ? 1 : 0;
