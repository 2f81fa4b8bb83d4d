// The build finds jobs and routes by their exports: these are those of the real app.
export { getJobWhy } from "#functions/http/admin/get-job-why.ts";
export { getJobs } from "#functions/http/admin/get-jobs.ts";
export { getRuns } from "#functions/http/admin/get-runs.ts";
export { runJob } from "#functions/http/admin/run-job.ts";
export { getJobsHealth } from "#functions/http/health/get-jobs-health.ts";
export { healthLive } from "#functions/http/health/health-live.ts";
export { healthReady } from "#functions/http/health/health-ready.ts";
export { dispatchOverdueRuns } from "#functions/platform/dispatch-overdue-runs.ts";
export { rescueStuckRuns } from "#functions/platform/rescue-stuck-runs.ts";
