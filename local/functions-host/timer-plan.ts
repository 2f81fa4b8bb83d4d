import { type Ncrontab, nextOccurrence } from "./ncrontab.ts";
import type { TimerStatus } from "./timer-status.ts";

/** How a timer begins: its status from now on, and the occurrence that it missed while no host ran, if any. */
export interface TimerStart {
  status: TimerStatus;
  missed: Date | undefined;
}

/**
 * Decides how a timer begins, as Azure's timer trigger does. However many occurrences were missed, the function is called
 * once for them. A schedule that was changed meanwhile begins afresh, with nothing missed.
 */
export function planStart(schedule: Ncrontab, recorded: TimerStatus | undefined, now: Date): TimerStart {
  if (!recorded) return { status: begin(schedule, now), missed: undefined };
  const since = recorded.last ?? recorded.lastUpdated;
  const expected = nextOccurrence(schedule, since);
  if (recorded.next.getTime() === expected.getTime()) {
    return { status: recorded, missed: now > recorded.next ? recorded.next : undefined };
  }
  const status = now > expected ? begin(schedule, now) : { last: undefined, next: expected, lastUpdated: since };
  return { status, missed: undefined };
}

/** Why a timer's function is called: its time has come, came while no host ran, or it asks for a call at every start. */
export type Occasion = "scheduled" | "pastDue" | "startup";

/**
 * The status after a run that began at `began`. Its `next` may already be past when the run took long: whatever came due
 * meanwhile is dropped but for one call, which follows at once.
 */
export function afterRun(
  schedule: Ncrontab,
  status: TimerStatus,
  run: { occasion: Occasion; began: Date },
): TimerStatus {
  // A run that began a moment before its occurrence (a clock set back) must not be followed by the same occurrence.
  const ran = run.occasion === "scheduled" && run.began < status.next ? status.next : run.began;
  return { last: ran, next: nextOccurrence(schedule, ran), lastUpdated: ran };
}

function begin(schedule: Ncrontab, now: Date): TimerStatus {
  return { last: undefined, next: nextOccurrence(schedule, now), lastUpdated: now };
}
