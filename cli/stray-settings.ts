import { type Environment, jobSettingNames, SETTINGS } from "#settings/config.ts";
import { suggestion } from "#settings/suggestion.ts";

/** What the stack and the command line read besides the app. */
const LOCAL = ["ROTA_PORT", "ROTA_STATE", "ROTA_URL", "ROTA_KEY", "ROTA_POSTGRES_PORT", "ROTA_BLOB_PORT"];

/** Shorter names are too many, and too much like each other. */
const NAME = /^[A-Z][A-Z0-9_]{6,}$/;

/**
 * One sentence for each name in the environment that is meant for the app as it looks, and that nobody reads. The app refuses to start with one
 * that is nearly a setting which is not set; this finds the others: nearly one that is set as well, one of a job that has no such
 * setting, one with a prefix of its own making.
 */
export function straySettings(env: Environment, jobIds: readonly string[]): string[] {
  const known = new Set([
    ...Object.keys(SETTINGS),
    ...LOCAL,
    ...jobIds.flatMap((id) => Object.values(jobSettingNames(id))),
  ]);
  return Object.keys(env).flatMap((name) => {
    if (known.has(name) || !NAME.test(name)) return [];
    const advice = adviceFor(name, known, jobIds);
    return advice ? [`${name}: nobody reads this setting; ${advice}`] : [];
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
  return name.startsWith("ROTA_") ? "docs/settings.md has those that there are" : undefined;
}
