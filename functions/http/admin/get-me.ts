import { z } from "zod";
import { defineRoute } from "#http/route.ts";

export const getMe = defineRoute({
  method: "GET",
  path: "api/admin/me",
  access: "viewer",
  summary: "The caller as the app identifies it, and its role",
  response: z.object({ caller: z.string(), role: z.enum(["viewer", "operator"]) }),
  handle: async ({ caller, role }) => ({ json: { caller, role } }),
});
