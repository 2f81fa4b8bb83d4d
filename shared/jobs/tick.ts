import type { Run } from "../data/platform/schema.ts";
import type { Job } from "./define-job.ts";
import type { Runner } from "./runner/runner.ts";
import { latenessRefusal } from "./missed-slots.ts";
import { decideTick, type Schedule } from "./schedule/index.ts";

/**
 * What a timer does when it fires: finds out which slot of the job's schedule this is, if any, and runs it.
 * @returns the run as it ended, or undefined when this tick is no slot or the slot was taken before
 */
export async function tick(
  { runner, now, isPastDue }: { runner: Runner; now: Date; isPastDue: boolean },
  job: Job,
  schedule: Schedule,
): Promise<Run | undefined> {
  const due = decideTick(schedule, { now, isPastDue });
  if (due.state === "idle") return undefined;
  const refusal = latenessRefusal(job, { lateMs: due.lateByMs, isLate: due.state === "late" });
  return runner.runSlot(job, due.slot, { schedule, refusal });
}
