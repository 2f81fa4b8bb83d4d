import { z } from "zod";
import { jobScope } from "#data/platform/scope.ts";
import { defineRoute } from "#http/route.ts";
import { resumeScope } from "#operations/pause-and-resume.ts";
import { findJob } from "./find-job.ts";
import { resumeBody, resumedSchema } from "./pause-view.ts";

export const resumeJob = defineRoute({
  method: "POST",
  path: "api/admin/jobs/{id}/resume",
  access: "operator",
  summary: "Resume a paused job; runs that waited for it start now",
  params: z.object({ id: z.string() }),
  body: resumeBody,
  response: resumedSchema,
  async handle({ app, params, body, caller }) {
    const scope = jobScope((await findJob(app, params.id)).id);
    const { wasPaused, dispatched } = await resumeScope(app, scope, { ...body, who: caller });
    return { json: { scope, paused: false, wasPaused, sent: dispatched } };
  },
});
