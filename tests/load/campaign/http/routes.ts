export { runJob } from "../../../../functions/http/admin/run-job.ts";
export { rescueStuckRuns } from "../../../../functions/platform/rescue-stuck-runs.ts";
