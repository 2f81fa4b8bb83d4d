import { defineJob, linear, schedule, z } from "#jobs";
import { platform } from "../families.ts";

/**
 * Dispatches due runs again that no worker has claimed for ten seconds: their message was lost, or the process died
 * before it sent one. The run's row is the queue (docs/decisions/0007). Before that, it records the slots that no tick
 * recorded. Running twice is safe, also side by side: a message is only a wake-up, one claim takes the run, and a slot
 * has one row.
 */
export const dispatchOverdueRuns = defineJob({
  id: "dispatch_overdue_runs",
  formerIds: ["publish_outbox"],
  family: platform,
  summary: "Catch up missed slots, dispatch due runs again that no worker has claimed, and continue backfills",
  on: schedule("0 * * * * *", "UTC"),
  input: z.strictObject({}),
  retry: linear({ retries: 3, delay: "1m" }),
  // A killed run of this job must not block the next one.
  concurrency: () => null,
  timeout: "50s",
  upkeep: true,

  async run({ layer, signal }) {
    const caughtUp = await layer.catchUpSlots();
    return { caughtUp, sent: await layer.dispatchOverdueRuns({ signal }) };
  },
});
