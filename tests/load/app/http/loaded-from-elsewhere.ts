// The build finds what it loads by its exports: these are the real app's own.
export { runJob } from "#functions/http/admin/run-job.ts";
export { publishOutbox } from "#functions/platform/publish-outbox.ts";
export { rescueStuckRuns } from "#functions/platform/rescue-stuck-runs.ts";
