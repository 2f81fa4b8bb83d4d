import { nextOccurrence, type Schedule } from "#schedule/index.ts";

/** Less than this is no lateness: a timer and a message take their time. */
const GRACE_MS = 60_000;

/**
 * By how much a job is late, in milliseconds; 0 when it is not. It is late by the first slot since the last accounted one
 * that nobody took, or by the run that has been due longest, whichever is more.
 * @param lastSlot null for a job that has had none yet: then no slot is missing
 */
export function lateByMs({
  schedule,
  lastSlot,
  oldestDueAt,
  now,
}: {
  schedule: Schedule | null;
  lastSlot: Date | null;
  oldestDueAt: Date | null;
  now: Date;
}): number {
  const firstOpen = schedule && lastSlot ? nextOccurrence(schedule, lastSlot) : null;
  const late = [firstOpen, oldestDueAt].map((due) => (due ? now.getTime() - due.getTime() : 0));
  const most = Math.max(...late);
  return most > GRACE_MS ? most : 0;
}
