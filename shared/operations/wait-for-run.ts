import { setTimeout as sleep } from "node:timers/promises";
import type { Db } from "#data/client.ts";
import { findRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";

/**
 * Polls the ledger until the run has ended, at most `waitMs` and until the process begins to stop; any process may
 * execute it.
 * @returns the run as read last
 */
export async function waitForRun(
  { db, stopping }: { readonly db: Db; readonly stopping: AbortSignal },
  run: Run,
  waitMs: number,
): Promise<Run> {
  const deadline = performance.now() + waitMs;
  const mayWait = () => performance.now() < deadline && !stopping.aborted;
  let latest = run;
  for (let pause = 10; latest.finishedAt === null && mayWait(); pause = Math.min(500, pause * 1.5)) {
    const pauseMs = Math.min(pause, Math.max(0, deadline - performance.now()));
    await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
    latest = (await findRun(db, run.id)) ?? latest;
  }
  return latest;
}
