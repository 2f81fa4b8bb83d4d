import type { Source } from "#data/personal-ops/personal-ops-schema.ts";
import type { Config } from "#settings/config.ts";

/** The settings without which a source cannot be read. */
export const SETTINGS_OF_SOURCE = {
  notion: ["NOTION_TOKEN", "NOTION_DATA_SOURCES"],
  n8n: ["N8N_BASE_URL", "N8N_API_KEY"],
  hubspot: ["HUBSPOT_TOKEN"],
} as const satisfies Partial<Record<Source, readonly (keyof Config)[]>>;

export type ConfiguredSource = keyof typeof SETTINGS_OF_SOURCE;

/** Whether the settings of a source have values. */
export function isConfigured(settings: Config, source: ConfiguredSource): boolean {
  return SETTINGS_OF_SOURCE[source].every((name) => settings[name] !== undefined);
}
