// The build finds jobs and routes by their exports: these are those of the real app.
export { runJob } from "#functions/http/admin/run-job.ts";
export { getJobsHealth } from "#functions/http/health/get-jobs-health.ts";
export { dispatchOverdueRuns } from "#functions/platform/dispatch-overdue-runs.ts";
export { rescueStuckRuns } from "#functions/platform/rescue-stuck-runs.ts";
