import type { Db } from "#data/client.ts";
import { recordedSlots } from "#data/platform/slots.ts";
import { unaccounted } from "#runner/missed-slots.ts";
import { daysBefore } from "#schedule/duration.ts";
import { countOccurrences, type Schedule } from "#schedule/index.ts";

/** The slots of a range, `from` included and `to` excluded, that a schedule calls for and the ledger does not know. */
export async function unaccountedSlots(
  db: Db,
  { jobId, schedule }: { jobId: string; schedule: Schedule },
  range: { from: Date; to: Date },
): Promise<Date[]> {
  return unaccounted(schedule, range, await recordedSlots(db, jobId, range));
}

/** A timer takes its time; what is younger is not looked at. */
const GRACE_MS = 60_000;

/** The range in which slots have to be accounted for at a moment. */
export function accountableRange(now: Date): { from: Date; to: Date } {
  return { from: daysBefore(now, 1), to: new Date(now.getTime() - GRACE_MS) };
}

/**
 * How many slots of the last day nothing stands for in the ledger, by the schedule in force now. Counted from the first slot that
 * the ledger knows of that day, so that a new job has none. Pure.
 */
export function unaccountedCount(
  schedule: Schedule | null,
  known: { readonly first: Date; readonly count: number } | undefined,
  now: Date,
): number {
  if (!schedule || !known) return 0;
  return Math.max(0, countOccurrences(schedule, known.first, accountableRange(now).to) - known.count);
}
