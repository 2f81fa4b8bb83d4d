import { z } from "zod";
import { defineRoute } from "#http/route.ts";

export const healthLive = defineRoute({
  method: "GET",
  path: "api/health/live",
  access: "open",
  summary: "Whether this process answers",
  response: z.object({ status: z.literal("live") }),
  handle: async () => ({ json: { status: "live" } }),
});
