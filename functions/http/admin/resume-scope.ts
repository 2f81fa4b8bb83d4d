import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { knownScope, resumeBody, resumedSchema, resumeScope as resumeKnown } from "./pause-view.ts";

export const resumeScope = defineRoute({
  method: "POST",
  path: "api/admin/resume",
  access: "operator",
  summary: "Resume what was paused by the same scope; what waited for it starts now",
  /** `all`, `family:<id>` or `job:<id>`. */
  body: resumeBody.extend({ scope: z.string() }),
  response: resumedSchema,
  handle: async ({ app, body: { scope, ...body }, caller }) =>
    resumeKnown(app, await knownScope(app, scope), { ...body, who: caller }),
});
