import type { Tx } from "#data/client.ts";
import type { FreedSlot } from "#data/platform/early-slots.ts";
import type { NotifyingApp } from "./notifier.ts";
import { warnOperators } from "./warn-operators.ts";

/** Jobs that a notification names. */
const MOST_NAMED = 20;

/**
 * Notifies the operators of slots that runs took too early, in the transaction that frees them. One notification an
 * hour: the audit has each job.
 */
export async function notifyFreedSlots(app: NotifyingApp, tx: Tx, freed: readonly FreedSlot[]): Promise<void> {
  const jobs = [...new Set(freed.map(({ jobId }) => jobId))].sort();
  const others = jobs.length > MOST_NAMED ? ` and ${jobs.length - MOST_NAMED} more` : "";
  await warnOperators(app, tx, {
    type: "slots.freed",
    title: "A process with a wrong clock took slots too early",
    body: `Runs took ${freed.length} slots before their time: ${jobs.slice(0, MOST_NAMED).join(", ")}${others}. The slots are free again and start when their time comes. Update the processes of an old version, and set their clocks.`,
    data: { slots: freed.length, jobs: jobs.slice(0, MOST_NAMED) },
  });
}
