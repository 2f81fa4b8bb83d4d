import { z } from "zod";
import type { App } from "#app";
import type { StoredSetting } from "#data/platform/settings-schema.ts";
import { changeableNames, READ_BY, environmentName } from "#jobs/changeable-settings.ts";
import { SETTINGS } from "#settings/config.ts";

export const settingsSchema = z.object({
  settings: z.array(
    z.object({
      name: z.enum(changeableNames),
      value: z.unknown().describe("In force"),
      configured: z.unknown().describe("What the environment says; in force while nothing is stored"),
      source: z.enum(["stored", "configured"]),
      about: z.string(),
      readBy: z.array(z.string()).describe("Jobs of this app that go by it, from their next attempt on"),
      changedAt: z.iso.datetime().nullable(),
      changedBy: z.string().nullable(),
    }),
  ),
});

/** All changeable settings, as the API shows them. */
export function settingsView(app: App, stored: readonly StoredSetting[]): z.input<typeof settingsSchema> {
  const rows = new Map(stored.map((row) => [row.name, row]));
  const settings = changeableNames.map((name) => {
    const [row, configured] = [rows.get(name), app.config[environmentName(name)]];
    const source: "stored" | "configured" = row ? "stored" : "configured";
    return {
      name,
      value: row ? row.value : configured,
      configured,
      source,
      about: SETTINGS[environmentName(name)].about,
      readBy: READ_BY[name].filter((id) => app.jobs.ids.includes(id)),
      changedAt: row?.changedAt.toISOString() ?? null,
      changedBy: row?.changedBy ?? null,
    };
  });
  return { settings };
}
