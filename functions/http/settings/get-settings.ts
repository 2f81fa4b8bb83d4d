import { listStoredSettings } from "#data/platform/stored-settings.ts";
import { entityTag } from "#http/precondition.ts";
import { defineRoute } from "#http/route.ts";
import { settingsSchema, settingsView } from "./settings-view.ts";

export const getSettings = defineRoute({
  method: "GET",
  path: "api/settings",
  access: "viewer",
  summary: "The settings that can be changed while the app runs: value, source, and the jobs that read them",
  response: settingsSchema,
  async handle({ app }) {
    const json = settingsView(app, await listStoredSettings(app.db), await app.jobs.all());
    return { headers: { etag: entityTag(json) }, json };
  },
});
