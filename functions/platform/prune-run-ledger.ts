import { deleteOldNotifications } from "#data/platform/notification-retention.ts";
import { oldRuns } from "#data/platform/platform-retention.ts";
import { deleteOldCalls } from "#data/platform/provider-calls.ts";
import { daysBefore, defineJob, effectiveSettings, schedule, writes, z } from "#jobs";
import { archiveOldRows } from "#services/platform/archive-old-rows.ts";
import { platform } from "../families.ts";

/** Notifications, or counts of calls, that one transaction deletes. */
const DELETED_AT_ONCE = 5_000;

/**
 * Moves old runs from the ledger to the archive, and deletes old notifications and counts of calls. A run is deleted
 * only after its file was read back whole, and only if the row has not changed since. Running twice is safe: after a
 * crash the runs of the last file are still there, and the next run writes the same file again.
 */
export const pruneRunLedger = defineJob({
  id: "prune_run_ledger",
  family: platform,
  summary: "Move old runs from the ledger to the archive in blob storage, and delete old notifications",
  on: schedule("0 30 1 * * *", "UTC"),
  input: z.strictObject({}),
  changeableSettings: ["notification_retention_days"],
  timeout: "2h",
  gates: [writes],

  async run(context) {
    const { db, settings, asOf, batches } = context;
    const { NOTIFICATION_RETENTION_DAYS: days } = await effectiveSettings(db, settings);
    const { notifications = 0 } = await batches(DELETED_AT_ONCE, async (tx, limit) => ({
      notifications: await deleteOldNotifications(tx, daysBefore(asOf, days), limit),
    }));
    const { apiCalls = 0 } = await batches(DELETED_AT_ONCE, async (tx, limit) => ({
      apiCalls: await deleteOldCalls(tx, daysBefore(asOf, settings.API_CALLS_RETENTION_DAYS), limit),
    }));

    const old = oldRuns(daysBefore(asOf, settings.RUN_RETENTION_DAYS));
    return {
      notifications,
      apiCalls,
      ...(await archiveOldRows(context, old, { container: "run-archive", kind: "runs" })),
    };
  },
});
