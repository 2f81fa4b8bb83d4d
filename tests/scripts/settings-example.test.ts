import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { jobs } from "#functions/index.ts";
import { readConfig, SETTINGS } from "#settings/config.ts";
import { jobSettingNames } from "#settings/job-settings.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { outdatedFiles, settingsFiles } from "../../scripts/settings-example.ts";

const root = join(import.meta.dirname, "../..");

it("the example and the guide match the code; if not, run npm run settings", async () => {
  expect(await outdatedFiles(root)).toEqual([]);
});

it("the example has exactly the settings that the app reads", async () => {
  const { Values, IsEncrypted } = JSON.parse(await readFile(join(root, "local.settings.example.json"), "utf8")) as {
    IsEncrypted: boolean;
    Values: Record<string, string>;
  };
  expect(IsEncrypted).toBe(false);
  const ofJobs = new Set(jobs.flatMap(({ id }) => Object.values(jobSettingNames(id))));
  const names = Object.keys(Values).filter((name) => !ofJobs.has(name));
  expect(names.sort()).toEqual(
    ["AzureWebJobsDisableHomepage", "FUNCTIONS_WORKER_RUNTIME", ...Object.keys(SETTINGS)].sort(),
  );
  for (const { id } of jobs) expect(Values).toHaveProperty(jobSettingNames(id).enabled);
});

it("a copy of the example with a database changes only the blob storage to Azurite", async () => {
  const { Values } = JSON.parse((await settingsFiles()).get("local.settings.example.json") ?? "") as {
    Values: Record<string, string>;
  };
  const DATABASE_URL = "postgres://rota@127.0.0.1/rota";
  const { jobs: _copied, ...copied } = readConfig({ ...Values, DATABASE_URL }, jobs);
  const { jobs: _none, ...none } = readConfig({ DATABASE_URL }, jobs);
  expect(copied).toEqual({ ...none, AzureWebJobsStorage: "UseDevelopmentStorage=true" });
});

it("the guide explains every setting in well-formed tables", async () => {
  const guide = (await settingsFiles()).get("docs/settings.md") ?? "";
  for (const name of Object.keys(SETTINGS)) expect(guide).toContain(`| \`${name}\``);
  for (const { id } of jobs) expect(guide).toContain(`| \`${id}\``);
  const columns = guide
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.replaceAll("\\|", "").split("|").length);
  expect(new Set(columns)).toEqual(new Set([5, 7]));
});

it("a changed or missing file is named", async () => {
  const folder = await temporaryDirectory();
  expect(await outdatedFiles(folder)).toEqual(["local.settings.example.json", "docs/settings.md"]);
  for (const [path, content] of await settingsFiles()) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), path.endsWith(".md") ? `${content}more` : content.replaceAll("\n", "\r\n"));
  }
  expect(await outdatedFiles(folder)).toEqual(["docs/settings.md"]);
});
