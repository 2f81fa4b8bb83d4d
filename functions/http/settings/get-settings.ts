import { listStoredSettings } from "#data/platform/stored-settings.ts";
import { entityTag } from "#http/precondition.ts";
import { defineRoute } from "#http/route.ts";
import { settingsSchema, settingsView } from "./settings-view.ts";

export const getSettings = defineRoute({
  method: "GET",
  path: "api/settings",
  access: "viewer",
  summary: "The settings that can be changed while the app runs: what they are, where from, and which jobs go by them",
  response: settingsSchema,
  async handle({ app }) {
    const json = settingsView(app, await listStoredSettings(app.db));
    return { headers: { etag: entityTag(json) }, json };
  },
});
