import { BACKUPS } from "#backup/backup-manifest.ts";
import { backUp } from "#backup/create-backup.ts";
import { databaseOptions } from "#data/database-options.ts";
import { defineJob, exponential, schedule, z } from "#jobs";
import { openContainer } from "#storage/blob-container.ts";
import { platform } from "../families.ts";

/**
 * Writes one consistent snapshot of the whole database to blob storage. For places without a managed backup: Azure's
 * own restores any second, this one half past midnight. Running twice is safe: every attempt has its own folder, and a
 * folder without a manifest is not a backup.
 */
export const backupDatabase = defineJob({
  id: "backup_database",
  family: platform,
  summary: "Write a snapshot of every table to blob storage",
  on: schedule("0 30 0 * * *", "UTC"),
  enabledByDefault: false,
  input: z.strictObject({}),
  retry: exponential({ retries: 3, first: "1m", max: "15m" }),
  timeout: "6h",

  async run({ settings, asOf, signal, run, progress }) {
    const folder = `${asOf.toISOString().replaceAll(":", "-")}-${run.id}-${run.attempt}`;
    const backup = await backUp(databaseOptions(settings), openContainer(settings, BACKUPS), folder, {
      signal,
      onTable: (done, total, { schema, name }) => {
        progress(done, total, `${schema}.${name}`);
      },
    });
    return { ...backup };
  },
});
