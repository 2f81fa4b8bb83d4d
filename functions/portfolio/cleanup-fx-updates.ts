import { daysBefore, defineJob, schedule, z } from "#jobs";
import { deleteOldUpdates } from "#data/portfolio/exchange-rate-updates.ts";
import { portfolio } from "../families.ts";

/**
 * Deletes tracking rows that nobody looks at any more; the last of each kind stays, so that one can always see when the
 * rates were asked for last. Twice is safe: what is gone is gone.
 */
export const cleanupFxUpdates = defineJob({
  id: "cleanup_fx_updates",
  family: portfolio,
  summary: "Delete old tracking rows of exchange rate updates",
  on: schedule("0 15 3 * * 0", "Europe/Berlin"),
  input: z.strictObject({ keepDays: z.int().min(1).max(3_650).default(90) }),

  async run({ input, asOf, batches }) {
    const cutoff = daysBefore(asOf, input.keepDays);
    return batches(1_000, async (tx, limit) => ({ deleted: await deleteOldUpdates(tx, cutoff, limit) }));
  },
});
