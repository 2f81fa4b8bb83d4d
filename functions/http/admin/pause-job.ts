import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { findJob } from "./find-job.ts";
import { pauseBody, pausedSchema, pauseScope } from "./pause-view.ts";

export const pauseJob = defineRoute({
  method: "POST",
  path: "api/admin/jobs/{id}/pause",
  access: "operator",
  summary:
    "Pause a job; its slots are skipped and its waiting runs wait, until the given moment or until it is resumed",
  params: z.object({ id: z.string() }),
  body: pauseBody,
  response: pausedSchema,
  handle: async ({ app, params, body, caller }) =>
    pauseScope(app, `job:${(await findJob(app, params.id)).id}`, { ...body, who: caller }),
});
