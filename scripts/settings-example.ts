import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "prettier";
import { jobs } from "#functions/index.ts";
import { isScheduled, type Job } from "#jobs/job.ts";
import { SETTINGS } from "#settings/config.ts";
import { JOB_SETTINGS, jobSettingNames } from "#settings/job-settings.ts";
import type { Setting } from "#settings/setting.ts";

/**
 * Generates the reference of the settings from the code: `local.settings.example.json` in the format of Azure's tools,
 * and
 * `docs/settings.md` with the meaning of each setting. With `--check` it writes nothing, and fails when one of them is
 * outdated.
 */
const root = join(import.meta.dirname, "..");

/** The generated files by their paths in the project. */
export async function settingsFiles(): Promise<Map<string, string>> {
  return new Map([
    ["local.settings.example.json", `${JSON.stringify(example(), null, 2)}\n`],
    ["docs/settings.md", await format(guide(), { parser: "markdown", printWidth: 120 })],
  ]);
}

/** The generated files that are outdated. */
export async function outdatedFiles(folder: string): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, content] of await settingsFiles()) {
    const written = await readFile(join(folder, path), "utf8").catch(() => undefined);
    if (written?.replaceAll("\r\n", "\n") !== content) stale.push(path);
  }
  return stale;
}

interface Row {
  readonly name: string;
  readonly fallback: string;
  readonly about: string;
}

/** The settings of the Functions host on a local machine. */
const HOST: readonly Row[] = [
  { name: "FUNCTIONS_WORKER_RUNTIME", fallback: "node", about: "The language worker; not set on Azure's Flex plan." },
  {
    name: "AzureWebJobsStorage",
    fallback: "UseDevelopmentStorage=true",
    about:
      "Connection string of the storage account of the Functions host. The app also stores the archive of the ledger and backups there. Locally Azurite, which `npm start` starts. Secret.",
  },
  {
    name: "AzureWebJobsDisableHomepage",
    fallback: "true",
    about: "Replaces Azure's own page at the address of the app: `GET /` reaches the app, which leads to `api/docs`.",
  },
];

function example(): unknown {
  const rows = [...HOST, ...appRows(), ...jobs.flatMap(jobRows)];
  return { IsEncrypted: false, Values: Object.fromEntries(rows.map(({ name, fallback }) => [name, fallback])) };
}

function appRows(): Row[] {
  const own = Object.entries(SETTINGS).filter(([name]) => !HOST.some((row) => row.name === name));
  return own.map(([name, setting]: [string, Setting<unknown>]) => ({
    name,
    fallback: setting.fallback ?? "",
    about: setting.secret ? `${setting.about} Secret.` : setting.about,
  }));
}

function jobRows(job: Job): Row[] {
  const names = jobSettingNames(job.id);
  const row = (setting: keyof typeof JOB_SETTINGS, fallback: string): Row => ({
    name: names[setting],
    fallback,
    about: JOB_SETTINGS[setting].about,
  });
  return [
    ...(isScheduled(job) ? [row("schedule", job.on.expression), row("timeZone", job.on.zone)] : []),
    row("enabled", String(job.enabledByDefault)),
    row("maxRetries", String(job.retry.retries)),
  ];
}

function guide(): string {
  return `# Settings

<!-- Written by \`npm run settings\`. Change a table in shared/settings/ or a job, not this file. -->

The app reads its settings from the environment: on Azure from the app settings, locally from \`local.settings.json\`, which
starts as a copy of \`local.settings.example.json\`. An empty or missing setting has its default. The start reports all
wrong settings at once, and unknown names that are similar to a setting.

## The host

${settingsTable(HOST)}

## The app

${settingsTable(appRows())}

## Jobs

Every job has the same settings: its id in capitals with one of these endings. The job's file has the defaults.

${JOB_KEYS.map((key) => `- \`<ID>${ending(key)}\`: ${JOB_SETTINGS[key].about}`).join("\n")}

${table(
  ["job", ...JOB_KEYS.map((key) => code(ending(key)))],
  jobs.map((job) => {
    const defaults = new Map(jobRows(job).map(({ name, fallback }) => [name, fallback]));
    return [code(job.id), ...Object.values(jobSettingNames(job.id)).map((name) => code(defaults.get(name)))];
  }),
)}

A job without a schedule has neither of the first two settings: the app does not start with them.
`;
}

const JOB_KEYS = Object.keys(JOB_SETTINGS) as (keyof typeof JOB_SETTINGS)[];

function ending(key: keyof typeof JOB_SETTINGS): string {
  return jobSettingNames("")[key];
}

function settingsTable(rows: readonly Row[]): string {
  return table(
    ["setting", "default", "meaning"],
    rows.map(({ name, fallback, about }) => [code(name), code(fallback), about.replaceAll("|", "\\|")]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function code(text: string | undefined): string {
  return text ? `\`${text.replaceAll("|", "\\|")}\`` : "";
}

async function main(): Promise<void> {
  if (!process.argv.includes("--check")) {
    for (const [path, content] of await settingsFiles()) await writeFile(join(root, path), content);
    return;
  }
  const stale = await outdatedFiles(root);
  if (stale.length === 0) return;
  console.error(`${stale.join(" and ")}: outdated; run npm run settings`);
  process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
