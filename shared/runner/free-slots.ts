import { recordAudit } from "#data/platform/audit-log.ts";
import { type FreedSlot, freeEarlySlots } from "#data/platform/early-slots.ts";
import { jobScope } from "#data/platform/scope.ts";
import type { RunnerDependencies } from "./dependencies.ts";

/**
 * Frees the slots of these jobs from `from` on that were taken too early, so that they start when their time comes. It
 * audits and alerts. A simulated clock has no such slots. Never throws: the next minute retries it.
 */
export async function freeSlots(deps: RunnerDependencies, jobIds: readonly string[], from: Date): Promise<void> {
  const { db, clock, log, alertFreedSlots } = deps;
  if (clock.isSimulated) return;
  try {
    const freed = await db.transaction(async (tx) => {
      const now = clock.now();
      const slots = await freeEarlySlots(tx, { jobIds, from, now });
      for (const [jobId, ofJob] of Map.groupBy(slots, (slot) => slot.jobId)) {
        const reason = "runs took these slots too early, by a wrong clock";
        const subject = jobScope(jobId);
        await recordAudit(tx, {
          at: now,
          who: "job layer",
          action: "slots freed",
          subject,
          reason,
          after: span(ofJob),
        });
      }
      if (slots.length) await alertFreedSlots?.(tx, slots);
      return slots;
    });
    for (const [job, slots] of Map.groupBy(freed, ({ jobId }) => jobId)) {
      log.warn("Runs took slots too early, by a wrong clock; the slots are free again", { job, ...span(slots) });
    }
  } catch (error) {
    log.error("Freeing the slots that were taken too early failed; the next minute retries it", { error });
  }
}

/** The number of slots, the first and the last one. */
function span(slots: readonly FreedSlot[]): { slots: number; first: string; last: string } {
  const instants = slots.map(({ slot }) => slot.toISOString()).sort();
  return { slots: slots.length, first: instants[0]!, last: instants.at(-1)! };
}
