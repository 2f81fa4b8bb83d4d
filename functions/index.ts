import type { Route } from "#http/route.ts";
import type { Job } from "#jobs/define-job.ts";
import { abortBackfillOf, deleteBackfill } from "./http/admin/abort-backfill.ts";
import { cancelRun } from "./http/admin/cancel-run.ts";
import { changeControls } from "./http/admin/change-controls.ts";
import { dismissDeadLetter } from "./http/admin/dismiss-dead-letter.ts";
import { getAudit } from "./http/admin/get-audit.ts";
import { getBackfill } from "./http/admin/get-backfill.ts";
import { getControls } from "./http/admin/get-controls.ts";
import { getDeadLetters } from "./http/admin/get-dead-letters.ts";
import { getEffects } from "./http/admin/get-effects.ts";
import { getFreshness } from "./http/admin/get-freshness.ts";
import { getJob } from "./http/admin/get-job.ts";
import { getJobWhy } from "./http/admin/get-job-why.ts";
import { getJobs } from "./http/admin/get-jobs.ts";
import { getMe } from "./http/admin/get-me.ts";
import { getRun } from "./http/admin/get-run.ts";
import { getRuns } from "./http/admin/get-runs.ts";
import { getSchedule } from "./http/admin/get-schedule.ts";
import { getStats } from "./http/admin/get-stats.ts";
import { pauseJob } from "./http/admin/pause-job.ts";
import { pauseScope } from "./http/admin/pause-scope.ts";
import { replayDeadLetters } from "./http/admin/replay-dead-letters.ts";
import { resumeJob } from "./http/admin/resume-job.ts";
import { resumeScope } from "./http/admin/resume-scope.ts";
import { retryRun } from "./http/admin/retry-run.ts";
import { runJob } from "./http/admin/run-job.ts";
import { settleEffect } from "./http/admin/settle-effect.ts";
import { startBackfill } from "./http/admin/start-backfill.ts";
import { getEpisode } from "./http/agents/get-episode.ts";
import { orchestrateAnalysis } from "./http/agents/orchestrate-analysis.ts";
import { askForAnalysis } from "./http/analysis/ask-for-analysis.ts";
import { decideOnDeals } from "./http/analysis/decide-on-deals.ts";
import { getAnalyses } from "./http/analysis/get-analyses.ts";
import { getAnalysis } from "./http/analysis/get-analysis.ts";
import { getDecisions } from "./http/analysis/get-decisions.ts";
import { getDocs } from "./http/docs/get-docs.ts";
import { getOpenApi } from "./http/docs/get-openapi.ts";
import { askForDocument } from "./http/documents/ask-for-document.ts";
import { getDocument } from "./http/documents/get-document.ts";
import { getDocumentContent } from "./http/documents/get-document-content.ts";
import { getJobsHealth } from "./http/health/get-jobs-health.ts";
import { healthLive } from "./http/health/health-live.ts";
import { healthReady } from "./http/health/health-ready.ts";
import { addPushSubscription } from "./http/notifications/add-push-subscription.ts";
import { addToAllowList } from "./http/notifications/add-to-allow-list.ts";
import { createNotification } from "./http/notifications/create-notification.ts";
import { getAllowList } from "./http/notifications/get-allow-list.ts";
import { getNotification } from "./http/notifications/get-notification.ts";
import { getNotifications } from "./http/notifications/get-notifications.ts";
import { getPushSubscriptions } from "./http/notifications/get-push-subscriptions.ts";
import { readNotifications } from "./http/notifications/read-notifications.ts";
import { removeFromAllowList } from "./http/notifications/remove-from-allow-list.ts";
import { removePushSubscription } from "./http/notifications/remove-push-subscription.ts";
import { addEtf } from "./http/portfolio/add-etf.ts";
import { changeEtf } from "./http/portfolio/change-etf.ts";
import { getEtfPrices } from "./http/portfolio/get-etf-prices.ts";
import { getEtfs } from "./http/portfolio/get-etfs.ts";
import { getExchangeRates } from "./http/portfolio/get-exchange-rates.ts";
import { getUpdates } from "./http/portfolio/get-updates.ts";
import { addContributions } from "./http/portfolio/pensions/add-contributions.ts";
import { createPension } from "./http/portfolio/pensions/create-pension.ts";
import { getPension } from "./http/portfolio/pensions/get-pension.ts";
import { getPensionValues } from "./http/portfolio/pensions/get-pension-values.ts";
import { getPensions } from "./http/portfolio/pensions/get-pensions.ts";
import { revaluePension } from "./http/portfolio/pensions/revalue-pension.ts";
import { updateEtf } from "./http/portfolio/update-etf.ts";
import { updateHistorical } from "./http/portfolio/update-historical.ts";
import { updateLatest } from "./http/portfolio/update-latest.ts";
import { negotiate } from "./http/realtime/negotiate.ts";
import { getSettings } from "./http/settings/get-settings.ts";
import { putSettings } from "./http/settings/put-settings.ts";
import { completeTask } from "./http/tasks/complete-task.ts";
import { createReminder } from "./http/tasks/create-reminder.ts";
import { createTask } from "./http/tasks/create-task.ts";
import { deleteTask } from "./http/tasks/delete-task.ts";
import { getTask } from "./http/tasks/get-task.ts";
import { getTasks } from "./http/tasks/get-tasks.ts";
import { addPropertyValuations } from "./http/tax-liens/add-property-valuations.ts";
import { getCounties } from "./http/tax-liens/get-counties.ts";
import { getCounty } from "./http/tax-liens/get-county.ts";
import { getIngestions } from "./http/tax-liens/get-ingestions.ts";
import { getLiens } from "./http/tax-liens/get-liens.ts";
import { putCounty } from "./http/tax-liens/put-county.ts";
import { backupDatabase } from "./platform/backup-database.ts";
import { cleanupTempFiles } from "./platform/cleanup-temp-files.ts";
import { pruneRunLedger } from "./platform/prune-run-ledger.ts";
import { publishOutbox } from "./platform/publish-outbox.ts";
import { rebuildSearchIndices } from "./platform/rebuild-search-indices.ts";
import { rescueStuckRuns } from "./platform/rescue-stuck-runs.ts";
import { sendDigestEmail } from "./platform/send-digest-email.ts";
import { sendNotification } from "./platform/send-notification.ts";
import { cleanupEtfUpdates } from "./portfolio/cleanup-etf-updates.ts";
import { cleanupFxUpdates } from "./portfolio/cleanup-fx-updates.ts";
import { fetchEtf } from "./portfolio/fetch-etf.ts";
import { initializeEtfPension } from "./portfolio/initialize-etf-pension.ts";
import { refreshEtf } from "./portfolio/refresh-etf.ts";
import { retryPendingEtfValuations } from "./portfolio/retry-pending-etf-valuations/index.ts";
import { syncEtfPrices } from "./portfolio/sync-etf-prices/index.ts";
import { syncFxHistorical } from "./portfolio/sync-fx-historical/index.ts";
import { syncFxLatest } from "./portfolio/sync-fx-latest.ts";
import { dispatchReminders } from "./tasks/dispatch-reminders.ts";
import { processRecurringTasks } from "./tasks/process-recurring-tasks.ts";
import { scanOverdueTasks } from "./tasks/scan-overdue-tasks.ts";
import { applyAnalysisDecisions } from "./tax-liens/apply-analysis-decisions.ts";
import { archiveOldDocuments } from "./tax-liens/archive-old-documents.ts";
import { computeDealMetrics } from "./tax-liens/compute-deal-metrics.ts";
import { generateDocument } from "./tax-liens/generate-document.ts";
import { ingestCountyLiens } from "./tax-liens/ingest-county-liens/index.ts";
import { runAnalysis } from "./tax-liens/run-analysis/index.ts";

/** Every job of the app, by family. */
export const jobs: readonly Job[] = [
  // platform
  rescueStuckRuns,
  publishOutbox,
  pruneRunLedger,
  backupDatabase,
  cleanupTempFiles,
  rebuildSearchIndices,
  sendNotification,
  sendDigestEmail,
  // portfolio
  syncFxLatest,
  syncFxHistorical,
  cleanupFxUpdates,
  fetchEtf,
  syncEtfPrices,
  refreshEtf,
  cleanupEtfUpdates,
  initializeEtfPension,
  retryPendingEtfValuations,
  // tasks
  processRecurringTasks,
  dispatchReminders,
  scanOverdueTasks,
  // tax-liens
  ingestCountyLiens,
  computeDealMetrics,
  runAnalysis,
  applyAnalysisDecisions,
  generateDocument,
  archiveOldDocuments,
];

/** Every HTTP route of the app. */
export const routes: readonly Route[] = [
  healthLive,
  healthReady,
  getJobsHealth,
  getOpenApi,
  getDocs,
  // api/admin
  getMe,
  getJobs,
  getJob,
  getJobWhy,
  runJob,
  pauseJob,
  resumeJob,
  startBackfill,
  getBackfill,
  deleteBackfill,
  abortBackfillOf,
  pauseScope,
  resumeScope,
  getRuns,
  getRun,
  cancelRun,
  retryRun,
  getDeadLetters,
  replayDeadLetters,
  dismissDeadLetter,
  getEffects,
  settleEffect,
  getControls,
  changeControls,
  getAudit,
  getSchedule,
  getStats,
  getFreshness,
  negotiate,
  getSettings,
  putSettings,
  // notifications
  createNotification,
  getNotifications,
  readNotifications,
  getAllowList,
  addToAllowList,
  removeFromAllowList,
  getPushSubscriptions,
  addPushSubscription,
  removePushSubscription,
  getNotification,
  // portfolio
  updateLatest,
  updateHistorical,
  getExchangeRates,
  addEtf,
  changeEtf,
  updateEtf,
  getEtfs,
  getEtfPrices,
  getUpdates,
  createPension,
  getPensions,
  getPension,
  getPensionValues,
  addContributions,
  revaluePension,
  // tasks
  createTask,
  getTasks,
  getTask,
  deleteTask,
  completeTask,
  createReminder,
  // tax-liens
  putCounty,
  getCounties,
  getCounty,
  getIngestions,
  getLiens,
  addPropertyValuations,
  // analysis
  askForAnalysis,
  getAnalyses,
  getAnalysis,
  decideOnDeals,
  getDecisions,
  orchestrateAnalysis,
  getEpisode,
  // documents
  askForDocument,
  getDocument,
  getDocumentContent,
];
