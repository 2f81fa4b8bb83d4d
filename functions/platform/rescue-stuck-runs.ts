import { defineJob, linear, schedule, z } from "#jobs";
import { deleteOldIdempotencyKeys } from "#data/platform/idempotency-keys.ts";
import { platform } from "../families.ts";

/** Idempotency keys are promised for 24 hours. */
const KEYS_LIVE_MS = 48 * 3_600_000;

/**
 * Takes runs from holders that went silent. Twice is safe, also side by side: each move is one guarded statement.
 */
export const rescueStuckRuns = defineJob({
  id: "rescue_stuck_runs",
  family: platform,
  summary: "Take over runs whose holder went silent",
  on: schedule("0 * * * * *", "UTC"),
  input: z.strictObject({}),
  retry: linear({ retries: 3, delay: "1m" }),
  // One at a time, a rescuer that is killed would be in the way of every later one, and nobody would ever be rescued again.
  concurrency: () => null,
  timeout: "50s",
  upkeep: true,

  async run({ layer, transaction, asOf }) {
    const moved = await layer.rescueExpiredRuns();
    const forgotten = await transaction((tx) => deleteOldIdempotencyKeys(tx, new Date(asOf.getTime() - KEYS_LIVE_MS), 10_000));
    return { ...moved, forgotten };
  },
});
