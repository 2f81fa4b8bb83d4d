import { setTimeout as sleep } from "node:timers/promises";
import { isDatabaseTrouble } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";

/** Before each further try. A database that restarts or fails over is mostly back by then, and the lease still lasts. */
const WAITS_MS = [0, 250, 1_000, 3_000, 8_000];

/**
 * Writes what work that is done would have to be repeated for: while the database is in trouble, it is tried again for some seconds.
 * @param write guarded, so that it changes nothing when it has been written before and only the answer was lost
 */
export async function insistently<T>(log: JobLog, write: () => Promise<T>): Promise<T> {
  for (const waitMs of WAITS_MS) {
    try {
      return await write();
    } catch (error) {
      if (!isDatabaseTrouble(error)) throw error;
      log.warn("The end of runs could not be written; it is tried again", { error, inMs: waitMs });
      await sleep(waitMs);
    }
  }
  return write();
}
