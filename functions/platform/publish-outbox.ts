import { defineJob, linear, schedule, z } from "#jobs";
import { platform } from "../families.ts";

/**
 * Sends waiting runs on their way again that no message brought to a worker. There is no table of messages to be sent: the row
 * of the run, written in the transaction that wants it, is the outbox (docs/decisions/0007), and what is due for ten seconds and
 * has not been taken has lost its message, or its sender died before it sent one. Twice is safe, also side by side: a message
 * is only a wake-up, and of any number of them one claims the run.
 */
export const publishOutbox = defineJob({
  id: "publish_outbox",
  family: platform,
  summary: "Send waiting runs on their way that were forgotten, and let backfills go on",
  on: schedule("0 * * * * *", "UTC"),
  input: z.strictObject({}),
  retry: linear({ retries: 3, delay: "1m" }),
  // A sweeper that is killed must not be in the way of the next one.
  concurrency: () => null,
  timeout: "50s",
  upkeep: true,

  run: async ({ layer, signal }) => ({ sent: await layer.dispatchOverdueRuns({ signal }) }),
});
