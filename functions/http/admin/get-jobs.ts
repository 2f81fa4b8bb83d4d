import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { jobSchema, jobViews } from "./job-view.ts";

export const getJobs = defineRoute({
  method: "GET",
  path: "api/admin/jobs",
  access: "viewer",
  summary: "All jobs: schedule, next occurrences, last run, figures of 24 hours, waiting and dead runs",
  query: z.strictObject({ family: z.string().optional() }),
  response: z.object({ jobs: z.array(jobSchema) }),
  async handle({ app, query }) {
    const jobs = await app.jobs.all();
    const shown = query.family === undefined ? jobs : jobs.filter(({ family }) => family.id === query.family);
    return { json: { jobs: await jobViews(app, shown) } };
  },
});
