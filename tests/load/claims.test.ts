import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** The scripts beside this file, in a size that takes seconds. One after the other: each brings a database and processes of its own. */
const claims = [
  { claim: "nothing is lost, done twice or stuck when processes are killed", command: "crash-campaign.ts --rounds 5" },
  {
    claim: "each event is done once, over several processes",
    command: "each-event-once.ts --events 1000 --processes 2",
  },
  { claim: "a slot runs once, over several processes", command: "one-run-per-slot.ts --ticks 200 --processes 2" },
  { claim: "a holder that was frozen past its lease is refused", command: "late-holder-is-refused.ts --times 1" },
  { claim: "SIGTERM in the middle of runs costs no attempt", command: "stop-costs-no-attempt.ts --runs 5" },
];

it.each(claims)("$claim ($command)", { timeout: 300_000 }, async ({ command }) => {
  const [script, ...flags] = command.split(" ");
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, script!), ...flags]);
  expect(stdout).toContain("All of it holds.");
});
