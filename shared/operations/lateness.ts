import { nextOccurrence, type Schedule } from "#schedule/index.ts";

/** A job is not late below this: timers and messages have a delay. */
const GRACE_MS = 60_000;

/**
 * How late a job is, in milliseconds; 0 when it is on time. It counts from the first slot after the last one in the
 * ledger, or from the run that has been due longest, whichever is earlier. Pure.
 * @param lastSlot null for a job without slots in the ledger: no slot counts then
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
