import { AsyncLocalStorage } from "node:async_hooks";
import { asError } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";

/** The log of the run whose work goes on. */
const current = new AsyncLocalStorage<JobLog>();

/** Does a run's work so that what it leaves behind unawaited is known to be its. */
export function asWorkOf<T>(log: JobLog, work: () => T): T {
  return current.run(log, work);
}

/**
 * Keeps the process alive when a promise is rejected that nobody awaits, and says whose it was: one job that forgets an
 * `await` must not take all others with it. @returns what ends that
 */
export function surviveStrayRejections(log: JobLog): () => void {
  const tell = (reason: unknown) => {
    (current.getStore() ?? log).error("A promise that nobody awaited was rejected; what it was to do is not done", {
      error: asError(reason),
    });
  };
  process.on("unhandledRejection", tell);
  return () => process.off("unhandledRejection", tell);
}
