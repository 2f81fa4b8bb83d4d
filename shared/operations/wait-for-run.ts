import { setTimeout as sleep } from "node:timers/promises";
import type { Db } from "#data/client.ts";
import { findRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";

/**
 * Polls the ledger until the run has ended, at most `waitMs`; any process may execute it.
 * @returns the run as read last
 */
export async function waitForRun(db: Db, run: Run, waitMs: number): Promise<Run> {
  const deadline = performance.now() + waitMs;
  let latest = run;
  for (let pause = 10; latest.finishedAt === null && performance.now() < deadline; pause = Math.min(500, pause * 1.5)) {
    await sleep(Math.min(pause, Math.max(0, deadline - performance.now())));
    latest = (await findRun(db, run.id)) ?? latest;
  }
  return latest;
}
