import type { TimerStatus } from "./timer-status.ts";
import { type Ncrontab, nextOccurrence } from "./utc-ncrontab.ts";

/** A status that is further ahead of the clock was written before the clock was set back. */
const SET_BACK_MS = 30_000;

/** How a timer starts: its status, and the last occurrence that was missed while no host ran, if any. */
export interface TimerStart {
  status: TimerStatus;
  missed: Date | undefined;
}

/**
 * Decides how a timer starts, as Azure's timer trigger does. Any number of missed occurrences causes one invocation. A
 * changed schedule starts again, without missed occurrences; so does a status of a clock that was ahead.
 */
export function planStart(schedule: Ncrontab, recorded: TimerStatus | undefined, now: Date): TimerStart {
  if (!recorded || isSetBack(recorded, now)) return { status: begin(schedule, now), missed: undefined };
  const since = recorded.last ?? recorded.lastUpdated;
  const expected = nextOccurrence(schedule, since);
  if (recorded.next.getTime() === expected.getTime()) {
    return { status: recorded, missed: now > recorded.next ? recorded.next : undefined };
  }
  const status = now > expected ? begin(schedule, now) : { last: undefined, next: expected, lastUpdated: since };
  return { status, missed: undefined };
}

/** Why a timer fires: on schedule, after a missed occurrence, or because of runOnStartup. */
export type TimerReason = "scheduled" | "pastDue" | "startup";

/**
 * The status after a run that began at `began`. After a long run `next` may be past: all occurrences during the run
 * cause one invocation, immediately after it.
 */
export function afterRun(
  schedule: Ncrontab,
  status: TimerStatus,
  run: { occasion: TimerReason; began: Date },
): TimerStatus {
  // After a run that began just before its occurrence (the clock was set back), the same occurrence must not fire
  // again.
  const ran = run.occasion === "scheduled" && run.began < status.next ? status.next : run.began;
  return { last: ran, next: nextOccurrence(schedule, ran), lastUpdated: ran };
}

/**
 * The status by which a timer waits at `now`. When the clock was set back, `next` is too late and the schedule starts
 * again at `now`. After a smaller step the timer keeps `next`, so that no occurrence fires twice.
 */
export function beforeWait(schedule: Ncrontab, status: TimerStatus, now: Date): TimerStatus {
  return isSetBack(status, now) ? begin(schedule, now) : status;
}

function isSetBack({ lastUpdated }: TimerStatus, now: Date): boolean {
  return lastUpdated.getTime() - now.getTime() > SET_BACK_MS;
}

function begin(schedule: Ncrontab, now: Date): TimerStatus {
  return { last: undefined, next: nextOccurrence(schedule, now), lastUpdated: now };
}
