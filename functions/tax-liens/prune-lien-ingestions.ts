import { deleteOldRows } from "#data/old-rows.ts";
import { deleteForgottenValues, forgetEarlierValues, oldIngestions } from "#data/tax-liens/ingestion-retention.ts";
import { daysBefore, defineJob, schedule, writes, z } from "#jobs";
import { taxLiens } from "../families.ts";

/** An ingestion has up to 1,000 refused rows, which go with it. */
const INGESTIONS = 100;
const VALUES = 20_000;

/**
 * Deletes old ingestions with their refused rows, except the last ones of each county, and much earlier the values with
 * which an ingestion could be undone. Reject files in blob storage stay. Running twice is safe: deleted rows stay
 * deleted.
 */
export const pruneLienIngestions = defineJob({
  id: "prune_lien_ingestions",
  family: taxLiens,
  summary: "Delete old ingestions with their refused rows, and values that only an undo needs",
  on: schedule("0 30 1 * * *", "America/Phoenix"),
  input: z.strictObject({}),
  gates: [writes],
  timeout: "1h",

  async run({ settings, asOf, batches }) {
    const old = oldIngestions(daysBefore(asOf, settings.INGESTION_RETENTION_DAYS));
    const undoable = daysBefore(asOf, settings.INGESTION_UNDO_DAYS);
    const { final = 0 } = await batches(INGESTIONS, async (tx, limit) => ({
      final: await forgetEarlierValues(tx, undoable, limit),
    }));
    const { values = 0 } = await batches(VALUES, async (tx, limit) => ({
      values: await deleteForgottenValues(tx, limit),
    }));
    const { deleted = 0 } = await batches(INGESTIONS, async (tx, limit) => ({
      deleted: await deleteOldRows(tx, old, limit),
    }));
    return { final, values, deleted };
  },
});
