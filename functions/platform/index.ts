import type { Job } from "#jobs";
import { archiveOldRecords } from "./archive-old-records.ts";
import { backupDatabase } from "./backup-database.ts";
import { checkDataFreshness } from "./check-data-freshness.ts";
import { cleanupTempFiles } from "./cleanup-temp-files.ts";
import { dispatchOverdueRuns } from "./dispatch-overdue-runs.ts";
import { pruneRunLedger } from "./prune-run-ledger.ts";
import { rebuildSearchIndices } from "./rebuild-search-indices.ts";
import { rescueStuckRuns } from "./rescue-stuck-runs.ts";
import { sendDigestEmail } from "./send-digest-email.ts";
import { sendNotification } from "./send-notification.ts";

/** The jobs of this family. */
export const jobs: readonly Job[] = [
  rescueStuckRuns,
  dispatchOverdueRuns,
  pruneRunLedger,
  archiveOldRecords,
  backupDatabase,
  checkDataFreshness,
  cleanupTempFiles,
  rebuildSearchIndices,
  sendNotification,
  sendDigestEmail,
];
