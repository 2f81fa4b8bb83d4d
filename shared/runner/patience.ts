import { Interrupted } from "#jobs/endings.ts";
import { asError } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";

/** How long work that does not listen to its signal is waited for before the attempt ends without it. */
const DEAF_GRACE_MS = 5_000;
/** The same when the process stops: its host does not wait for longer, and then the attempt would be lost. */
const DEAF_GRACE_AT_STOP_MS = 1_000;

/**
 * Waits for work, but some seconds after its signal no longer: work that never settles must not hold its run for ever. What it
 * still does is harmless, since its transactions no longer commit; what it fails with then is in the log.
 * @throws the signal's reason when patience has ended
 */
export function patiently<T>(work: Promise<T>, signal: AbortSignal, log: JobLog): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let isLeftBehind = false;
  work.then(resolve, (error: unknown) => {
    if (isLeftBehind) log.error("Work that its run no longer waited for has failed", { error: asError(error) });
    else reject(error);
  });
  const wait = () => {
    const grace = signal.reason instanceof Interrupted ? DEAF_GRACE_AT_STOP_MS : DEAF_GRACE_MS;
    setTimeout(() => {
      isLeftBehind = true;
      reject(signal.reason);
    }, grace).unref();
  };
  if (signal.aborted) wait();
  else signal.addEventListener("abort", wait, { once: true });
  return promise;
}
