import { defineRoute } from "#http/route.ts";
import { pauseScope as pauseFoundScope } from "#operations/pause-and-resume.ts";
import { findScope } from "./find-scope.ts";
import { pauseBody, pausedSchema, scopeField } from "./pause-view.ts";

export const pauseScope = defineRoute({
  method: "POST",
  path: "api/admin/pause",
  access: "operator",
  summary: "Pause all jobs, a family or a job; upkeep jobs keep running unless the scope is the job itself",
  body: pauseBody.extend({ scope: scopeField }),
  response: pausedSchema,
  async handle({ app, body: { scope, ...body }, caller }) {
    const pause = await pauseFoundScope(app, await findScope(app, scope), { ...body, who: caller });
    return { json: { ...pause, paused: true } };
  },
});
