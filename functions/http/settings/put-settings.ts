import { z } from "zod";
import { changeStoredSettings, listStoredSettings, lockStoredSettings } from "#data/platform/stored-settings.ts";
import { checkIfMatch, entityTag } from "#http/precondition.ts";
import { defineRoute } from "#http/route.ts";
import { changeableNames, changeableSettings, environmentName } from "#jobs/changeable-settings.ts";
import { auditReason } from "../audit-reason.ts";
import { settingsSchema, settingsView } from "./settings-view.ts";

const orNull = changeableNames.map((name) => [name, changeableSettings.shape[name].nullable().optional()] as const);

export const putSettings = defineRoute({
  method: "PUT",
  path: "api/settings",
  access: "operator",
  conditional: true,
  summary: "Change settings while the app runs; with If-Match, only if none has changed since. The response has all",
  body: z.strictObject({
    settings: z
      .strictObject(Object.fromEntries(orNull))
      .refine((settings) => Object.keys(settings).length > 0, "expected at least one setting")
      .describe("By name; null restores the configured value. Absent settings keep their values"),
    reason: auditReason.optional(),
  }),
  response: settingsSchema,
  async handle({ app, body, caller, header, log }) {
    const changes = changeableNames.flatMap((name) => {
      const value = body.settings[name];
      return value === undefined ? [] : [{ name, value, configured: app.config[environmentName(name)] }];
    });
    const by = { who: caller, reason: body.reason ?? null, now: app.clock.now() };
    const jobs = await app.jobs.all();
    const { json, changed } = await app.db.transaction(async (tx) => {
      const before = await lockStoredSettings(tx);
      checkIfMatch(header("if-match"), entityTag(settingsView(app, before, jobs)));
      const changed = await changeStoredSettings(tx, before, changes, by);
      return { changed, json: settingsView(app, await listStoredSettings(tx), jobs) };
    });
    if (changed.length > 0) log.warn("Settings changed", { settings: changed, by: caller, reason: by.reason });
    return { headers: { etag: entityTag(json) }, json };
  },
});
