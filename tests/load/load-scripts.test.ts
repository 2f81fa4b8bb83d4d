import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtApp } from "../../scripts/built-app.ts";

/** The app of the scripts, built once for all of them. */
let app: string;
beforeAll(async () => {
  app = await builtApp("tests/load/app");
});
afterAll(() => rm(app, { recursive: true, force: true }));

/**
 * The scripts of this folder, in a size that takes seconds, one after the other: each starts a database and processes.
 */
const checks = [
  { claim: "no run is lost, duplicated or stuck when processes are killed", command: "crash-test.ts --rounds 5" },
  {
    claim: "each event runs once, over several processes",
    command: "each-event-once.ts --events 1000 --processes 2",
  },
  { claim: "a slot runs once, over several processes", command: "one-run-per-slot.ts --ticks 200 --processes 2" },
  { claim: "a holder that was frozen past its lease is rejected", command: "expired-holder-is-fenced.ts --times 1" },
  {
    claim: "jobs, routes, an ingestion and writes run beside each other without a fault",
    command: "everything-at-once.ts --minutes 0.2 --processes 2",
  },
  { claim: "SIGTERM during runs costs no attempt", command: "stop-costs-no-attempt.ts --runs 5" },
];

it.each(checks)("$claim ($command)", { timeout: 300_000 }, async ({ command }) => {
  const [script, ...flags] = command.split(" ");
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, script!), ...flags], {
    env: { ...process.env, LOAD_APP: app },
  });
  expect(stdout).toContain("All checks passed.");
});
