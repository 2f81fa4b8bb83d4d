import { Interrupted } from "#jobs/endings.ts";
import { asError } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";

/** How long work may take to stop after its signal, before the attempt ends without it. */
const GRACE_MS = 5_000;
/** The same when the process stops: its host waits no longer, and then the attempt would be lost. */
const GRACE_AT_STOP_MS = 1_000;

/**
 * Waits for work, but no longer than a grace period after its signal: work that never settles must not hold its run for
 * ever. The abandoned work does no harm, since its transactions do not commit any more; its error is logged.
 * @throws the signal's reason when the grace period ends
 */
export function orAfterGracePeriod<T>(work: Promise<T>, signal: AbortSignal, log: JobLog): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let isAbandoned = false;
  work.then(resolve, (error: unknown) => {
    if (isAbandoned) log.error("Abandoned work failed after its attempt had ended", { error: asError(error) });
    else reject(error);
  });
  const startGracePeriod = () => {
    const graceMs = signal.reason instanceof Interrupted ? GRACE_AT_STOP_MS : GRACE_MS;
    setTimeout(() => {
      isAbandoned = true;
      reject(signal.reason);
    }, graceMs).unref();
  };
  if (signal.aborted) startGracePeriod();
  else signal.addEventListener("abort", startGracePeriod, { once: true });
  return promise;
}
