import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { knownScope, pauseBody, pausedSchema, pauseScope as pauseKnown } from "./pause-view.ts";

export const pauseScope = defineRoute({
  method: "POST",
  path: "api/admin/pause",
  access: "operator",
  summary: "Pause everything, a family or a job: the layer's own upkeep goes on unless it is named itself",
  /** `all`, `family:<id>` or `job:<id>`. */
  body: pauseBody.extend({ scope: z.string() }),
  response: pausedSchema,
  handle: async ({ app, body: { scope, ...body }, caller }) =>
    pauseKnown(app, await knownScope(app, scope), { ...body, who: caller }),
});
