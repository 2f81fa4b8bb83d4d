import { defineRoute } from "#http/route.ts";
import { resumeScope as resumeFoundScope } from "#operations/pause-and-resume.ts";
import { findScope } from "./find-scope.ts";
import { resumeBody, resumedSchema, scopeField } from "./pause-view.ts";

export const resumeScope = defineRoute({
  method: "POST",
  path: "api/admin/resume",
  access: "operator",
  summary: "Resume what was paused by the same scope; runs that waited for it start now",
  body: resumeBody.extend({ scope: scopeField }),
  response: resumedSchema,
  async handle({ app, body, caller }) {
    const { reason } = body;
    const scope = await findScope(app, body.scope);
    const { wasPaused, dispatched } = await resumeFoundScope(app, scope, { reason, who: caller });
    return { json: { scope, paused: false, wasPaused, sent: dispatched } };
  },
});
