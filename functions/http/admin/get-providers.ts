import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { providerSchema, providerViews } from "./provider-view.ts";

export const getProviders = defineRoute({
  method: "GET",
  path: "api/admin/providers",
  access: "viewer",
  summary:
    "The providers that have been called: circuit breaker, limits and quotas with their forecast, calls and cost",
  response: z.object({ providers: z.array(providerSchema) }),
  handle: async ({ app }) => ({ json: { providers: await providerViews(app) } }),
});
