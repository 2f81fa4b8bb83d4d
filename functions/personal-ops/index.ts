import type { Job } from "#jobs";
import { cleanupOldData } from "./cleanup-old-data.ts";
import { dailyDigest } from "./daily-digest.ts";
import { healthMonitor } from "./health-monitor.ts";
import { morningCall } from "./morning-call.ts";
import { periodicScan } from "./periodic-scan.ts";
import { processRetryQueue } from "./process-retry-queue.ts";
import { runWatchers } from "./run-watchers.ts";
import { syncHubspot } from "./sync-hubspot.ts";
import { syncN8n } from "./sync-n8n.ts";
import { syncNotion } from "./sync-notion.ts";

/** The jobs of this family. */
export const jobs: readonly Job[] = [
  dailyDigest,
  morningCall,
  periodicScan,
  runWatchers,
  processRetryQueue,
  cleanupOldData,
  healthMonitor,
  syncNotion,
  syncN8n,
  syncHubspot,
];
