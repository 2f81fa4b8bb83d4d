import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { findJob } from "./find-job.ts";
import { resumeBody, resumedSchema, resumeScope } from "./pause-view.ts";

export const resumeJob = defineRoute({
  method: "POST",
  path: "api/admin/jobs/{id}/resume",
  access: "operator",
  summary: "Resume a job that is paused; what waited for it starts now",
  params: z.object({ id: z.string() }),
  body: resumeBody,
  response: resumedSchema,
  handle: async ({ app, params, body, caller }) =>
    resumeScope(app, `job:${(await findJob(app, params.id)).id}`, { ...body, who: caller }),
});
