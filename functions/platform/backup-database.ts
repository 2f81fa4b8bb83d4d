import { defineJob, exponential, schedule, z } from "#jobs";
import { backUp } from "#backup/create-backup.ts";
import { BACKUPS } from "#backup/backup-manifest.ts";
import { databaseOptions } from "#data/database-options.ts";
import { openContainer } from "#storage/blob-container.ts";
import { platform } from "../families.ts";

/**
 * Writes the whole database to blob storage, as it was at one moment. For where no managed backup exists: Azure's own can go
 * back to any second, this one to half past midnight. Twice is safe: every attempt has a folder of its own, and one without a
 * manifest is no backup.
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
