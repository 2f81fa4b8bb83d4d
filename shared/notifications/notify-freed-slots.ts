import type { Tx } from "#data/client.ts";
import type { FreedSlot } from "#data/platform/early-slots.ts";
import { OPERATORS } from "./notification.ts";
import { notifier, type NotifyingApp } from "./notifier.ts";
import { notify } from "./notify.ts";

/** Jobs that a notification names. */
const MOST_NAMED = 20;

/**
 * Notifies the operators of slots that runs took too early, in the transaction that frees them. One notification an
 * hour: the audit has each job.
 */
export async function notifyFreedSlots(app: NotifyingApp, tx: Tx, freed: readonly FreedSlot[]): Promise<void> {
  const hour = app.clock.now().toISOString().slice(0, "2026-03-10T12".length);
  const jobs = [...new Set(freed.map(({ jobId }) => jobId))].sort();
  const others = jobs.length > MOST_NAMED ? ` and ${jobs.length - MOST_NAMED} more` : "";
  const context = notifier(app, { family: "platform", who: "job layer" });
  await notify(context, tx, [
    {
      recipient: OPERATORS,
      type: "slots.freed",
      severity: "WARN",
      title: "A process with a wrong clock took slots too early",
      body: `Runs took ${freed.length} slots before their time: ${jobs.slice(0, MOST_NAMED).join(", ")}${others}. The slots are free again and start when their time comes. Update the processes of an old version, and set their clocks.`,
      data: { slots: freed.length, jobs: jobs.slice(0, MOST_NAMED) },
      dedupeKey: `slots.freed:${hour}`,
    },
  ]);
}
