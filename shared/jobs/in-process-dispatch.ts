import type { Clock } from "./clock.ts";
import type { JobLog } from "./job-log.ts";
import type { DispatchedRun } from "./runner/runner.ts";

/** Longest wait in memory; what lies further off is the sweep's. */
const HORIZON_MS = 60_000;

/**
 * Carries waiting runs within this process: at their time they are executed here. A process that dies forgets them, which
 * loses nothing: the ledger knows them, and the sweep of the next one picks them up.
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
  const timers = new Set<NodeJS.Timeout>();
  const start = ({ id }: DispatchedRun) => {
    execute(id).catch((error: unknown) => {
      log.error("A waiting run could not be executed; the sweep will try again", { run: id, error });
    });
  };
  return {
    async dispatch(runs) {
      for (const run of runs) {
        const delay = Math.max(0, run.at.getTime() - clock.now().getTime());
        if (delay > HORIZON_MS) continue;
        const timer = setTimeout(() => {
          timers.delete(timer);
          start(run);
        }, delay);
        timers.add(timer);
      }
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
