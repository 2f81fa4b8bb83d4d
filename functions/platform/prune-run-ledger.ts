import { deleteOldNotifications } from "#data/platform/notification-retention.ts";
import { archivableRuns, deleteArchivedRuns } from "#data/platform/run-archive.ts";
import { daysBefore, defineJob, effectiveSettings, schedule, writes, z } from "#jobs";
import { archive } from "#storage/archive.ts";
import { openContainer } from "#storage/blob-container.ts";
import { platform } from "../families.ts";

/** The most that one archive file, and so the memory, holds. */
const BATCH = { runs: 5_000, bytes: 16 * 1024 * 1024 };
/** Notifications that one transaction deletes. */
const NOTIFICATIONS = 5_000;

/**
 * Moves old runs from the ledger to the archive, and deletes old notifications. A run is deleted only after its file
 * was read back whole, and only if the row has not changed since. Running twice is safe: after a crash the runs of the
 * last file are still there, and the next run writes the same file again.
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

  async run({ db, settings, asOf, signal, transaction, batches, progress }) {
    const { NOTIFICATION_RETENTION_DAYS: days } = await effectiveSettings(db, settings);
    const { notifications = 0 } = await batches(NOTIFICATIONS, async (tx, limit) => ({
      notifications: await deleteOldNotifications(tx, daysBefore(asOf, days), limit),
    }));

    const before = daysBefore(asOf, settings.RUN_RETENTION_DAYS);
    const container = openContainer(settings, "run-archive");
    const counts = { notifications, archived: 0, deleted: 0, files: 0, bytes: 0 };
    for (;;) {
      signal.throwIfAborted();
      const runs = await archivableRuns(db, before, BATCH);
      if (runs.length === 0) return counts;

      const day = runs
        .map(({ finishedAt }) => finishedAt)
        .sort()[0]!
        .slice(0, 10);
      const records = { kind: "runs", day, ids: runs.map(({ id }) => id), lines: runs.map(({ line }) => line) };
      const { bytes } = await archive(container, records, signal);
      const deleted = await transaction((tx) => deleteArchivedRuns(tx, before, runs));
      counts.archived += runs.length;
      counts.deleted += deleted;
      counts.files += 1;
      counts.bytes += bytes;
      progress(counts.deleted, undefined, `up to ${runs.at(-1)!.finishedAt}`);
      // All of them changed in the meantime: the next run archives them.
      if (deleted === 0) return counts;
    }
  },
});
