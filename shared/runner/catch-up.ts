import { accountedUntil, storeSchedules } from "#data/platform/job-schedules.ts";
import { occurrenceAtOrBefore } from "#schedule/index.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { dispatch } from "./dispatch.ts";
import { freeSlots } from "./free-slots.ts";
import { catchUpSlots } from "./record-missed-slots.ts";

/** A slot younger than this may still be claimed by its own timer. */
const GRACE_MS = 15_000;

/**
 * Frees slots that were taken too early. Then it finds the slots that the schedules demand and the ledger lacks, and
 * runs or records them by each job's policy: their ticks had no database, or no process was there. A tick that claims
 * such a slot at the same time wins or loses in the ledger. Never throws for one job: the others are caught up.
 * @returns the number of runs that wait for a worker now
 */
export async function catchUp(deps: RunnerDependencies): Promise<number> {
  const { db, clock, log } = deps;
  const now = clock.now();
  const scheduled = (await deps.schedules?.()) ?? [];
  const stored = await storeSchedules(
    db,
    scheduled.map(({ jobId, schedule }) => ({ jobId, expression: schedule.expression, timeZone: schedule.zone })),
    now,
  );
  if (stored.length) log.info("Stored the schedules of new jobs and changed schedules", { jobs: stored });
  const until = await accountedUntil(
    db,
    scheduled.map(({ jobId }) => jobId),
    now,
  );
  await freeSlots(
    deps,
    scheduled.map(({ jobId }) => jobId),
    now,
  );
  let caughtUp = 0;
  for (const { jobId, schedule } of scheduled) {
    const since = until.get(jobId);
    const last = occurrenceAtOrBefore(schedule, new Date(now.getTime() - GRACE_MS));
    if (!since || !last || last <= since) continue;
    try {
      const job = await deps.findJob(jobId);
      const waiting = job ? await catchUpSlots(deps, job, { schedule, since, last }) : [];
      await dispatch(deps, waiting);
      caughtUp += waiting.length;
    } catch (error) {
      log.error("Catching up the missed slots of a job failed; the next minute retries it", { job: jobId, error });
    }
  }
  return caughtUp;
}
