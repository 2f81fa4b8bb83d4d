import type { Job } from "#jobs";
import { cleanupEtfUpdates } from "./cleanup-etf-updates.ts";
import { cleanupFxUpdates } from "./cleanup-fx-updates.ts";
import { fetchEtf } from "./fetch-etf.ts";
import { initializeEtfPension } from "./initialize-etf-pension.ts";
import { refreshEtf } from "./refresh-etf.ts";
import { retryPendingEtfValuations } from "./retry-pending-etf-valuations.ts";
import { syncEtfPrices } from "./sync-etf-prices.ts";
import { syncFxHistorical } from "./sync-fx-historical.ts";
import { syncFxLatest } from "./sync-fx-latest.ts";

/** The jobs of this family. */
export const jobs: readonly Job[] = [
  syncFxLatest,
  syncFxHistorical,
  cleanupFxUpdates,
  fetchEtf,
  syncEtfPrices,
  refreshEtf,
  cleanupEtfUpdates,
  initializeEtfPension,
  retryPendingEtfValuations,
];
