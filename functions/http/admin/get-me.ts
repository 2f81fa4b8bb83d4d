import { z } from "zod";
import { defineRoute } from "#http/route.ts";

export const getMe = defineRoute({
  method: "GET",
  path: "api/admin/me",
  access: "viewer",
  summary: "Who the app takes the caller for, and whether they may change anything",
  response: z.object({ caller: z.string(), role: z.enum(["viewer", "operator"]) }),
  handle: async ({ caller, role }) => ({ json: { caller, role } }),
});
