import { AsyncLocalStorage } from "node:async_hooks";
import { asError } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";

/** The log of the run whose work is executed. */
const current = new AsyncLocalStorage<JobLog>();

/** Executes a run's work so that a rejection which it does not await is logged as its own. */
export function asWorkOf<T>(log: JobLog, work: () => T): T {
  return current.run(log, work);
}

/**
 * Keeps the process alive when a promise that no code awaits is rejected, and logs its run: one job that forgets an
 * `await` must not end all others. @returns what ends this
 */
export function surviveUnhandledRejections(log: JobLog): () => void {
  const report = (reason: unknown) => {
    (current.getStore() ?? log).error("Unhandled promise rejection: its work is not done", { error: asError(reason) });
  };
  process.on("unhandledRejection", report);
  return () => process.off("unhandledRejection", report);
}
