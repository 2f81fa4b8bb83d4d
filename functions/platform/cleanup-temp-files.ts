import { daysBefore, defineJob, schedule, z } from "#jobs";
import { type StaleFile, staleFiles } from "#storage/stale-files.ts";
import { platform } from "../families.ts";

/**
 * Deletes temporary files of documents that have not changed for a day, in the app's directory on the machine of this
 * run. Running twice is safe: deleted files stay deleted.
 */
export const cleanupTempFiles = defineJob({
  id: "cleanup_temp_files",
  family: platform,
  summary: "Delete temporary files of documents that are older than a day",
  on: schedule("0 0 5 * * *", "UTC"),
  input: z.strictObject({}),

  items: ({ settings, asOf }) => staleFiles(settings.TEMP_DIRECTORY, daysBefore(asOf, 1)),
  key: (file: StaleFile) => file.path,
  each: (file) => file.remove(),
});
