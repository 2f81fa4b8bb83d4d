import type { JobLog } from "#jobs/job-log.ts";
import type { Clock } from "#schedule/clock.ts";
import type { DispatchedRun } from "./dependencies.ts";

/** Longest wait in memory; what lies further off is the sweep's. */
const HORIZON_MS = 60_000;

/**
 * Carries waiting runs within this process: at their time they are executed here. A process that dies forgets them, which
 * loses nothing: the ledger knows them, and the sweep of the next one picks them up. After `stop` nothing is taken any more.
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
      log.error("A waiting run could not be executed; the sweep will try again", { run: runId, error });
    });
  };

  return {
    async dispatch(runs) {
      for (const { id, at } of runs) {
        const delay = Math.max(0, at.getTime() - clock.now().getTime());
        const known = waiting.get(id);
        // One timer a run: the sweep names again what waits here already, and each name would come back with names of its own.
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
