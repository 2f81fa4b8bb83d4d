import { defineRoute } from "../../../shared/http/route.ts";

export const getMe = defineRoute({
  method: "GET",
  path: "api/admin/me",
  access: "viewer",
  summary: "Who the app takes the caller for, and whether they may change anything",
  handle: async ({ caller, role }) => ({ json: { caller, role } }),
});
