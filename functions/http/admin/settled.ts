import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { App } from "#app";
import { findRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/schema.ts";

/** How long a caller waits for a run's end: less than the 230 s after which Azure cuts an answer off. */
export const waitSeconds = z.coerce.number().min(0).max(200);

/** Looks at the ledger until the run has ended, at most `waitMs`; any process may be the one that does it. */
export async function settled(app: App, run: Run, waitMs: number): Promise<Run> {
  const deadline = performance.now() + waitMs;
  let latest = run;
  for (let pause = 10; latest.finishedAt === null && performance.now() < deadline; pause = Math.min(500, pause * 1.5)) {
    await sleep(Math.min(pause, Math.max(0, deadline - performance.now())));
    latest = (await findRun(app.db, run.id)) ?? latest;
  }
  return latest;
}
