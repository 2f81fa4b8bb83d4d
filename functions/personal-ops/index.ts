import type { Job } from "#jobs";
import { cleanupOldData } from "./cleanup-old-data.ts";
import { healthMonitor } from "./health-monitor.ts";
import { processRetryQueue } from "./process-retry-queue.ts";
import { runWatchers } from "./run-watchers.ts";

/** The jobs of this family. */
export const jobs: readonly Job[] = [runWatchers, processRetryQueue, cleanupOldData, healthMonitor];
