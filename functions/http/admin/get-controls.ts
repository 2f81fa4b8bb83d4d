import { defineRoute } from "#http/route.ts";
import { steeringAnswer, steeringNow } from "./controls-view.ts";

export const getControls = defineRoute({
  method: "GET",
  path: "api/admin/controls",
  access: "viewer",
  summary: "The switches of the whole app and of each family, and what is paused",
  answer: steeringAnswer,
  handle: async ({ app }) => ({ json: await steeringNow(app) }),
});
