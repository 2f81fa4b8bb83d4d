import { nextOccurrence, type Schedule } from "#schedule/index.ts";

/** A job is not late below this: timers and messages have a delay. */
const GRACE_MS = 60_000;

/**
 * How late a job is, in milliseconds; 0 when it is on time. It counts from the first slot that is not accounted
 * for, or from the run that has been due longest, whichever is earlier. Pure.
 * @param accountedUntil up to when slots are accounted for; null: no slot counts
 * @param isGated a gate is closed or the job is switched off: its runs wait for a person and are not late
 */
export function lateByMs({
  schedule,
  accountedUntil,
  oldestDueAt,
  isGated,
  now,
}: {
  schedule: Schedule | null;
  accountedUntil: Date | null;
  oldestDueAt: Date | null;
  isGated: boolean;
  now: Date;
}): number {
  const firstOpen = schedule && accountedUntil ? nextOccurrence(schedule, accountedUntil) : null;
  const late = [firstOpen, isGated ? null : oldestDueAt].map((due) => (due ? now.getTime() - due.getTime() : 0));
  const most = Math.max(...late);
  return most > GRACE_MS ? most : 0;
}
