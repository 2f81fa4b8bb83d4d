import type { Db } from "#data/client.ts";
import { recordedSlots } from "#data/platform/slots.ts";
import { unaccounted } from "#runner/missed-slots.ts";
import { daysBefore } from "#schedule/duration.ts";
import { countOccurrences, type Schedule } from "#schedule/index.ts";

/** The slots of a range, without `to`, that are missing in the ledger. */
export async function unaccountedSlots(
  db: Db,
  { jobId, schedule }: { jobId: string; schedule: Schedule },
  range: { from: Date; to: Date },
): Promise<Date[]> {
  return unaccounted(schedule, range, await recordedSlots(db, jobId, range));
}

/** Slots younger than this are ignored: their timers may still fire. */
const GRACE_MS = 60_000;

/** The range in which every slot must be in the ledger: the last day, without the last minute. */
export function accountableRange(now: Date): { from: Date; to: Date } {
  return { from: daysBefore(now, 1), to: new Date(now.getTime() - GRACE_MS) };
}

/**
 * The number of slots of the last day that are missing in the ledger, by the schedule in force now. It counts from the
 * first slot of the day that the ledger has, so that a new job has none. Pure.
 */
export function unaccountedCount(
  schedule: Schedule | null,
  known: { readonly first: Date; readonly count: number } | undefined,
  now: Date,
): number {
  if (!schedule || !known) return 0;
  return Math.max(0, countOccurrences(schedule, known.first, accountableRange(now).to) - known.count);
}
