import { setTimeout as sleep } from "node:timers/promises";
import { isDatabaseError } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";

/** Before each retry. A database that restarts or fails over is mostly back by then, and the lease still lasts. */
const DELAYS_MS = [0, 250, 1_000, 3_000, 8_000];

/**
 * Writes the completion of work that would have to be repeated otherwise: retries for some seconds while the database
 * is in trouble.
 * @param write guarded, so that it changes nothing when an earlier try was committed and only its answer was lost
 */
export async function retryCompletion<T>(log: JobLog, write: () => Promise<T>): Promise<T> {
  for (const delayMs of DELAYS_MS) {
    try {
      return await write();
    } catch (error) {
      if (!isDatabaseError(error)) throw error;
      log.warn("Completing runs failed; retrying", { error, inMs: delayMs });
      await sleep(delayMs);
    }
  }
  return write();
}
