import type { JobLog } from "#jobs/job-log.ts";
import type { Clock } from "#schedule/clock.ts";
import type { DispatchedRun } from "./dependencies.ts";

/** Longest wait in memory; the sweep dispatches what is due later. */
const HORIZON_MS = 60_000;

/**
 * Dispatches waiting runs within this process: it executes them at their time. A process that dies loses nothing: the
 * ledger has the runs, and the sweep of another process dispatches them. After `stop` it takes no more runs.
 */
export function dispatchInProcess({
  clock,
  log,
  execute,
}: {
  clock: Clock;
  log: JobLog;
  execute: (runId: string) => Promise<unknown>;
}): { dispatch: (runs: readonly DispatchedRun[]) => Promise<void>; stop: () => void } {
  const waiting = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>();
  let stopped = false;

  const start = (runId: string) => {
    waiting.delete(runId);
    execute(runId).catch((error: unknown) => {
      log.error("Executing a waiting run failed; the sweep dispatches it again", { run: runId, error });
    });
  };

  return {
    async dispatch(runs) {
      for (const { id, at } of runs) {
        const delay = Math.max(0, at.getTime() - clock.now().getTime());
        const known = waiting.get(id);
        // One timer a run: the sweep dispatches runs again that wait here, and each execution may requeue its run.
        if (stopped || delay > HORIZON_MS || (known && known.at <= at.getTime())) continue;
        clearTimeout(known?.timer);
        // A timer may fire a millisecond early, and a run that is not due is not executed.
        const timer = setTimeout(start, delay && Math.ceil(delay) + 1, id);
        waiting.set(id, { at: at.getTime(), timer });
      }
    },
    stop() {
      stopped = true;
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
