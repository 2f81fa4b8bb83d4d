import { deleteOldEtfUpdates } from "#data/portfolio/etf-updates.ts";
import { daysBefore, defineJob, schedule, writes, z } from "#jobs";
import { portfolio } from "../families.ts";

/**
 * Deletes old tracking rows, except the last of each kind: it shows when the prices were last fetched. Running twice is
 * safe: deleted rows stay deleted.
 */
export const cleanupEtfUpdates = defineJob({
  id: "cleanup_etf_updates",
  family: portfolio,
  summary: "Delete old tracking rows of ETF updates",
  on: schedule("0 20 3 * * 0", "Europe/Berlin"),
  input: z.strictObject({ keepDays: z.int().min(1).max(3_650).default(90) }),
  gates: [writes],

  async run({ input, asOf, batches }) {
    const cutoff = daysBefore(asOf, input.keepDays);
    return batches(1_000, async (tx, limit) => ({ deleted: await deleteOldEtfUpdates(tx, cutoff, limit) }));
  },
});
