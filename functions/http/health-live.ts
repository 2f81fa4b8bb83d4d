import { defineRoute } from "../../shared/http/route.ts";

export const healthLive = defineRoute({
  method: "GET",
  path: "api/health/live",
  access: "open",
  summary: "Whether this process answers",
  handle: async () => ({ json: { status: "live" } }),
});
