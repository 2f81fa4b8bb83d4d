import { setTimeout as sleep } from "node:timers/promises";
import type { Run } from "#data/platform/schema.ts";
import type { Job } from "#jobs/define-job.ts";
import { isDatabaseTrouble } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";
import { latenessRefusal } from "#jobs/missed-slots.ts";
import { decideTick, type Schedule } from "#schedule/index.ts";
import type { Runner } from "./runner.ts";

/** How long a tick waits for a database that is away: the next one of a daily job comes tomorrow. */
const WAITS_FOR_MS = 300_000;
const LOOKS_EVERY_MS = 5_000;

/**
 * What a timer does when it fires: finds out which slot of the job's schedule this is, if any, and runs it; when the database is away, as
 * soon as it is back.
 * @param pause waits before it looks again. Default: 5 s
 * @returns the run as it ended, or undefined when this tick is no slot or the slot was taken before
 */
export async function tick(
  {
    runner,
    now,
    isPastDue,
    log,
    pause = () => sleep(LOOKS_EVERY_MS),
  }: { runner: Runner; now: Date; isPastDue: boolean; log?: JobLog; pause?: () => Promise<void> },
  job: Job,
  schedule: Schedule,
): Promise<Run | undefined> {
  const due = decideTick(schedule, { now, isPastDue });
  if (due.state === "idle") return undefined;
  const { slot, lateByMs, state } = due;
  const start = performance.now();
  for (let looks = 1; ; looks++) {
    const waitedMs = performance.now() - start;
    const refusal = latenessRefusal(job, { lateMs: lateByMs + Math.round(waitedMs), isLate: state === "late" });
    try {
      return await runner.runSlot(job, slot, { schedule, refusal });
    } catch (error) {
      if (!isDatabaseTrouble(error) || runner.isStopping || waitedMs > WAITS_FOR_MS) throw error;
      if (looks === 1) log?.warn("The database is away; the slot waits for it", { job: job.id, slot, error });
    }
    await pause();
  }
}
