import { z } from "zod";
import { listUpdates } from "../../../shared/data/portfolio/exchange-rate-updates.ts";
import { defineRoute } from "../../../shared/http/route.ts";

export const getUpdates = defineRoute({
  method: "GET",
  path: "api/v1/updates",
  access: "key",
  summary: "What was synchronised, what failed and why; newest first",
  query: z.strictObject({
    state: z.enum(["pending", "running", "succeeded", "failed", "refused"]).optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  handle: async ({ app, query }) => ({ json: { updates: await listUpdates(app.db, query.state, query.limit) } }),
});
