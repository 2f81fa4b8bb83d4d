import { deleteOldIdempotencyKeys } from "#data/platform/idempotency-keys.ts";
import { defineJob, linear, schedule, z } from "#jobs";
import { platform } from "../families.ts";

/** The API guarantees idempotency keys for 24 hours. */
const KEY_RETENTION_MS = 48 * 3_600_000;

/**
 * Moves runs whose lease has expired to their next attempt, or to the dead runs, and deletes old idempotency keys.
 * Running twice is safe, also side by side: each move is one conditional statement.
 */
export const rescueStuckRuns = defineJob({
  id: "rescue_stuck_runs",
  family: platform,
  summary: "Take over runs whose lease has expired",
  on: schedule("0 * * * * *", "UTC"),
  input: z.strictObject({}),
  retry: linear({ retries: 3, delay: "1m" }),
  // With a key, one killed rescuer would block all later ones, and no run would be rescued again.
  concurrency: () => null,
  timeout: "50s",
  upkeep: true,

  async run({ layer, transaction, asOf }) {
    const moved = await layer.rescueExpiredRuns();
    const forgotten = await transaction((tx) =>
      deleteOldIdempotencyKeys(tx, new Date(asOf.getTime() - KEY_RETENTION_MS), 10_000),
    );
    return { ...moved, forgotten };
  },
});
