import { z } from "zod";
import { jobScope } from "#data/platform/scope.ts";
import { defineRoute } from "#http/route.ts";
import { pauseScope } from "#operations/pause-and-resume.ts";
import { findJob } from "./find-job.ts";
import { pauseBody, pausedSchema } from "./pause-view.ts";

export const pauseJob = defineRoute({
  method: "POST",
  path: "api/admin/jobs/{id}/pause",
  access: "operator",
  summary: "Pause a job: its slots are skipped and its waiting runs wait, until the given time or until it is resumed",
  params: z.object({ id: z.string() }),
  body: pauseBody,
  response: pausedSchema,
  async handle({ app, params, body, caller }) {
    const { id } = await findJob(app, params.id);
    const pause = await pauseScope(app, jobScope(id), { ...body, who: caller });
    return { json: { ...pause, paused: true } };
  },
});
