import type { Db } from "#data/client.ts";
import type { SlotLedger } from "#data/platform/job-schedules.ts";
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
 * The number of slots that are missing in the ledger, by the schedule in force now: those of the last day, and all
 * since the last accounted one when that is older. A new job has none before its first registration. Pure.
 */
export function unaccountedCount(
  schedule: Schedule | null,
  known: Pick<SlotLedger, "anchor" | "first" | "count"> | undefined,
  now: Date,
): number {
  const from = known?.anchor ? new Date(known.anchor.getTime() + 1) : known?.first;
  if (!schedule || !known || !from) return 0;
  return Math.max(0, countOccurrences(schedule, from, accountableRange(now).to) - known.count);
}
