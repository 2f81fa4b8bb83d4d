import { defineRoute } from "../../../shared/http/route.ts";
import { jobViews } from "./job-view.ts";

export const getJobs = defineRoute({
  method: "GET",
  path: "api/admin/jobs",
  access: "viewer",
  summary: "Every job: schedule, next occurrences, last run, the last 24 hours, what waits and what is dead",
  handle: async ({ app }) => ({ json: { jobs: await jobViews(app, await app.jobs.all()) } }),
});
