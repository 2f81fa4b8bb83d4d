import { z } from "zod";
import type { StoredSetting } from "#data/platform/settings-schema.ts";
import type { App } from "#http/app-services.ts";
import { changeableNames, environmentName } from "#jobs/changeable-settings.ts";
import type { Job } from "#jobs/job.ts";
import { SETTINGS } from "#settings/config.ts";

export const settingsSchema = z.object({
  settings: z.array(
    z.object({
      name: z.enum(changeableNames),
      value: z.unknown().describe("The value in force"),
      configured: z.unknown().describe("The value from the environment; in force while none is stored"),
      source: z.enum(["stored", "configured"]),
      about: z.string(),
      readBy: z.array(z.string()).describe("Jobs that read it, from their next attempt on"),
      changedAt: z.iso.datetime().nullable(),
      changedBy: z.string().nullable(),
    }),
  ),
});

/** All changeable settings as the API shows them. */
export function settingsView(
  { config }: Pick<App, "config">,
  stored: readonly StoredSetting[],
  jobs: readonly Job[],
): z.input<typeof settingsSchema> {
  const rows = new Map(stored.map((row) => [row.name, row]));
  const settings = changeableNames.map((name) => {
    const [row, configured] = [rows.get(name), config[environmentName(name)]];
    const source: "stored" | "configured" = row ? "stored" : "configured";
    return {
      name,
      value: row ? row.value : configured,
      configured,
      source,
      about: SETTINGS[environmentName(name)].about,
      readBy: jobs.filter(({ changeableSettings }) => changeableSettings.includes(name)).map(({ id }) => id),
      changedAt: row?.changedAt.toISOString() ?? null,
      changedBy: row?.changedBy ?? null,
    };
  });
  return { settings };
}
