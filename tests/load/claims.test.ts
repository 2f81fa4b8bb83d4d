import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** The scripts beside this file, in a size that takes seconds. One after the other: each brings a database and processes of its own. */
const claims = [
  ["nothing is lost, done twice or stuck when processes are killed", "crash-campaign.ts", "--rounds", "5"],
  ["each event is done once, over several processes", "each-event-once.ts", "--events", "1000", "--processes", "2"],
  ["a slot runs once, over several processes", "one-run-per-slot.ts", "--ticks", "200", "--processes", "2"],
  ["a holder that was frozen past its lease is refused", "late-holder-is-refused.ts", "--times", "1"],
  ["SIGTERM in the middle of runs costs no attempt", "stop-costs-no-attempt.ts", "--runs", "5"],
] as const;

it.each(claims)("%s (%s)", { timeout: 300_000 }, async (_claim, script, ...flags) => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, script), ...flags]);
  expect(stdout).toContain("All of it holds.");
});
