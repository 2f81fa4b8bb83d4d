import { setTimeout as sleep } from "node:timers/promises";
import type { Run } from "#data/platform/platform-schema.ts";
import { isDatabaseError } from "#jobs/error-class.ts";
import type { Job } from "#jobs/job.ts";
import type { JobLog } from "#jobs/job-log.ts";
import { decideTick, type Schedule } from "#schedule/index.ts";
import { latenessRefusal } from "./missed-slots.ts";
import type { Runner } from "./runner.ts";

/** How long a tick waits for an unavailable database: the next tick of a daily job is tomorrow. */
const RETRIES_FOR_MS = 300_000;
const RETRY_DELAY_MS = 5_000;

/**
 * What a timer does when it fires: decides which slot of the job's schedule this is, if any, and runs it. When the
 * database is unavailable, it retries for five minutes.
 * @param pause waits before a retry. Default: 5 s
 * @returns the run as it ended; undefined when this tick is no slot or the slot is already claimed
 */
export async function tick(
  {
    runner,
    now,
    isPastDue,
    log,
    pause = () => sleep(RETRY_DELAY_MS),
  }: { runner: Runner; now: Date; isPastDue: boolean; log?: JobLog; pause?: () => Promise<void> },
  job: Job,
  schedule: Schedule,
): Promise<Run | undefined> {
  const due = decideTick(schedule, { now, isPastDue });
  if (due.state === "idle") return undefined;
  const { slot, lateByMs, state } = due;
  const start = performance.now();
  for (let tries = 1; ; tries++) {
    const waitedMs = performance.now() - start;
    const refusal = latenessRefusal(job, { lateMs: lateByMs + Math.round(waitedMs), isLate: state === "late" });
    try {
      return await runner.runSlot(job, slot, { schedule, refusal });
    } catch (error) {
      if (!isDatabaseError(error) || runner.isStopping || waitedMs > RETRIES_FOR_MS) throw error;
      if (tries === 1) log?.warn("The database is unavailable; the slot waits for it", { job: job.id, slot, error });
    }
    await pause();
  }
}
