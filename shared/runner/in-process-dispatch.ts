import type { JobLog } from "#jobs/job-log.ts";
import type { Clock } from "#schedule/clock.ts";
import type { DispatchedRun } from "./dependencies.ts";

/** Longest wait in memory; the sweep dispatches what is due later. */
const HORIZON_MS = 60_000;
/** Executions at the same time, as a host allows them for its messages. */
const AT_ONCE = 16;

/**
 * Executes due runs of one job.
 * @param take removes up to `max` of them from the queue; it leaves the rest to other executions
 */
export type ExecuteDue = (jobId: string, take: (max: number) => string[]) => Promise<unknown>;

/**
 * Dispatches waiting runs within this process: it executes them at their time, some executions at once, a job with many
 * due runs no more often than others. A process that dies loses nothing: the ledger has the runs, and the sweep of
 * another process dispatches them. After `stop` it takes no more runs.
 */
export function dispatchInProcess({ clock, log, execute }: { clock: Clock; log: JobLog; execute: ExecuteDue }): {
  dispatch: (runs: readonly DispatchedRun[]) => Promise<void>;
  stop: () => void;
} {
  const waiting = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>();
  /** Due runs by their job, in the order in which the jobs have their turn. */
  const due = new Map<string, Set<string>>();
  let executions = 0;
  let stopped = false;

  const start = (jobId: string, runId: string) => {
    waiting.delete(runId);
    due.set(jobId, (due.get(jobId) ?? new Set()).add(runId));
    executeNext();
  };

  const executeNext = () => {
    while (executions < AT_ONCE) {
      const [next] = due;
      if (!next) return;
      const [jobId, runs] = next;
      // Back to the end of the line, if it leaves any.
      due.delete(jobId);
      void executeSome(jobId, runs);
    }
  };

  const executeSome = async (jobId: string, runs: Set<string>) => {
    executions += 1;
    let taken: string[] = [];
    try {
      await execute(jobId, (max) => {
        taken = [...runs].slice(0, max);
        for (const id of taken) runs.delete(id);
        if (runs.size > 0) due.set(jobId, new Set([...runs, ...(due.get(jobId) ?? [])]));
        executeNext();
        return taken;
      });
    } catch (error) {
      log.error("Executing waiting runs failed; the sweep dispatches them again", { job: jobId, runs: taken, error });
    } finally {
      executions -= 1;
      executeNext();
    }
  };

  return {
    async dispatch(runs) {
      for (const { id, jobId, at } of runs) {
        const delay = Math.max(0, at.getTime() - clock.now().getTime());
        const known = waiting.get(id);
        // One timer a run: the sweep dispatches runs again that wait here, and each execution may requeue its run.
        if (stopped || delay > HORIZON_MS || (known && known.at <= at.getTime())) continue;
        clearTimeout(known?.timer);
        // A timer may fire a millisecond early, and a run that is not due is not executed.
        const timer = setTimeout(start, delay && Math.ceil(delay) + 1, jobId, id);
        waiting.set(id, { at: at.getTime(), timer });
      }
    },
    stop() {
      stopped = true;
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
      due.clear();
    },
  };
}
