import { defineRoute } from "#http/route.ts";
import { controlsSchema, readControls } from "./controls-view.ts";

export const getControls = defineRoute({
  method: "GET",
  path: "api/admin/controls",
  access: "viewer",
  summary: "The controls of the whole app and of each family, and what is paused",
  response: controlsSchema,
  handle: async ({ app }) => ({ json: await readControls(app) }),
});
