import { setTimeout as sleep } from "node:timers/promises";
import type { Run } from "#data/platform/platform-schema.ts";
import { asError, isDatabaseError } from "#jobs/error-class.ts";
import type { Job } from "#jobs/job.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Clock } from "#schedule/clock.ts";
import { decideTick, type Schedule } from "#schedule/index.ts";
import type { ClockGuard } from "./clock-guard.ts";
import { latenessRefusal } from "./missed-slots.ts";
import type { Runner } from "./runner.ts";

/** How long a tick waits for an unavailable database; the catch-up takes the slot after that. */
const RETRIES_FOR_MS = 300_000;
const RETRY_DELAY_MS = 5_000;
/** How early a timer of a process with a right clock may fire. */
const EARLY_BY_MS = 2_000;
/** A waiting tick notices a stop of its process within this time. */
const NOTICES_STOP_MS = 1_000;

export interface TickParts {
  readonly runner: Runner;
  readonly clock: Clock;
  readonly isPastDue: boolean;
  readonly log?: JobLog;
  /** Default: none, for a simulated clock. */
  readonly guard?: Pick<ClockGuard, "admitsTick" | "state"> | undefined;
  /** Waits before a retry. Default: 5 s. */
  readonly pause?: () => Promise<void>;
}

/**
 * What a timer does when it fires: decides which slot of the job's schedule this is, if any, and runs it. When the
 * database is unavailable, it retries for five minutes. A slot never starts early: the tick waits for its instant.
 * @returns the run as it ended; undefined when this tick is no slot, the slot is already claimed, or the process's
 * clock is wrong
 */
export async function tick(parts: TickParts, job: Job, schedule: Schedule): Promise<Run | undefined> {
  const { runner, log, pause = () => sleep(RETRY_DELAY_MS) } = parts;
  const start = performance.now();
  for (let tries = 1; ; tries++) {
    const waitedMs = Math.round(performance.now() - start);
    try {
      return await tickOnce(parts, { job, schedule, waitedMs });
    } catch (error) {
      if (!isDatabaseError(error) || runner.isStopping || waitedMs > RETRIES_FOR_MS) throw error;
      if (tries === 1) {
        log?.warn("The database is unavailable; the slot waits for it", { job: job.id, error });
        await runner.reportUnavailable(job, asError(error));
      }
    }
    await pause();
  }
}

/** @param waitedMs how long ago the timer fired */
async function tickOnce(
  { runner, clock, isPastDue, guard }: TickParts,
  { job, schedule, waitedMs }: { job: Job; schedule: Schedule; waitedMs: number },
): Promise<Run | undefined> {
  if (guard && !(await guard.admitsTick())) return undefined;
  const now = clock.now();
  const due = decideTick(schedule, {
    now: clock.isSimulated ? now : new Date(now.getTime() - waitedMs),
    isPastDue,
    // The timer follows the process's clock, which may be ahead within the limit.
    earlyByMs: EARLY_BY_MS + Math.max(0, guard?.state.aheadMs ?? 0),
  });
  if (due.state === "idle") return undefined;
  const { slot, state } = due;
  await slotReached(slot, runner, clock);
  const lateMs = due.lateByMs + waitedMs;
  return runner.runSlot(job, slot, { schedule, refusal: latenessRefusal(job, { lateMs, isLate: state === "late" }) });
}

async function slotReached(slot: Date, runner: Runner, clock: Clock): Promise<void> {
  if (clock.isSimulated) return;
  for (;;) {
    const leftMs = slot.getTime() - clock.now().getTime();
    if (leftMs <= 0 || runner.isStopping) return;
    await sleep(Math.min(leftMs, NOTICES_STOP_MS));
  }
}
