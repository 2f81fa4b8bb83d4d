import { deleteOldRows } from "#data/old-rows.ts";
import { oldIngestions } from "#data/tax-liens/ingestion-retention.ts";
import { daysBefore, defineJob, schedule, writes, z } from "#jobs";
import { taxLiens } from "../families.ts";

/** An ingestion has up to 1,000 refused rows, which go with it. */
const INGESTIONS = 100;

/**
 * Deletes old ingestions with their refused rows, except the last ones of each county. The reject files in blob storage
 * stay. Running twice is safe: deleted rows stay deleted.
 */
export const pruneLienIngestions = defineJob({
  id: "prune_lien_ingestions",
  family: taxLiens,
  summary: "Delete old ingestions with their refused rows",
  on: schedule("0 30 1 * * *", "America/Phoenix"),
  input: z.strictObject({}),
  gates: [writes],
  timeout: "1h",

  async run({ settings, asOf, batches }) {
    const old = oldIngestions(daysBefore(asOf, settings.INGESTION_RETENTION_DAYS));
    return batches(INGESTIONS, async (tx, limit) => ({ deleted: await deleteOldRows(tx, old, limit) }));
  },
});
