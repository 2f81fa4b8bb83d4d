import { SETTINGS } from "#settings/config.ts";
import type { Environment } from "#settings/environment.ts";
import { jobSettingNames } from "#settings/job-settings.ts";
import { suggestion } from "#text/suggestion.ts";

/** Settings that only the local stack and the command line read. */
const LOCAL = ["ROTA_PORT", "ROTA_STATE", "ROTA_URL", "ROTA_KEY", "ROTA_POSTGRES_PORT", "ROTA_BLOB_PORT"];

/** Shorter names are too common and too similar. */
const NAME = /^[A-Z][A-Z0-9_]{6,}$/;

/**
 * One sentence for each environment variable that looks like a setting of Rota but is none. The app rejects a misspelt
 * name of a setting that is not set. This finds the others: a misspelt name beside the right one, a setting that the
 * job does not have, a wrong prefix.
 */
export function unknownSettings(env: Environment, jobIds: readonly string[]): string[] {
  const known = new Set([
    ...Object.keys(SETTINGS),
    ...LOCAL,
    ...jobIds.flatMap((id) => Object.values(jobSettingNames(id))),
  ]);
  return Object.keys(env).flatMap((name) => {
    if (known.has(name) || !NAME.test(name)) return [];
    const advice = adviceFor(name, known, jobIds);
    return advice ? [`${name}: unknown setting; ${advice}`] : [];
  });
}

function adviceFor(name: string, known: ReadonlySet<string>, jobIds: readonly string[]): string | undefined {
  const bare = name.replace(/^(JOB|ROTA)_/, "");
  const meant = suggestion(name, known) ?? (NAME.test(bare) ? suggestion(bare, known) : undefined);
  if (meant) return `did you mean ${meant}?`;
  const job = jobIds
    .filter((id) => bare.startsWith(`${id.toUpperCase()}_`))
    .toSorted((a, b) => b.length - a.length)
    .at(0);
  if (job) return `${job} has ${Object.values(jobSettingNames(job)).join(", ")}`;
  return name.startsWith("ROTA_") ? "docs/settings.md lists all settings" : undefined;
}
