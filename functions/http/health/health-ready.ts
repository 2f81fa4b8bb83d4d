import { z } from "zod";
import { ping } from "#data/client.ts";
import { Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { asError } from "#jobs/error-class.ts";
import { withinLimit } from "./within-limit.ts";

export const healthReady = defineRoute({
  method: "GET",
  path: "api/health/ready",
  access: "open",
  summary: "Whether jobs can run here: the database answers",
  response: z.object({ status: z.literal("ready") }),
  async handle({ app }) {
    try {
      await withinLimit(ping(app.db));
    } catch (error) {
      // An outage is in the log already, with its cause and a count.
      if (!app.reach.unreachableSince)
        app.log.error("Not ready: the database does not answer", { error: asError(error) });
      throw new Problem(503, "not-ready", "the database does not answer", { headers: { "retry-after": "5" } });
    }
    return { json: { status: "ready" } };
  },
});
