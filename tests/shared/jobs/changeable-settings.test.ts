import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { changeableNames, changeableSettings, environmentName } from "#jobs/changeable-settings.ts";
import { readConfig } from "#settings/config.ts";

it("every configured value is valid for its changeable setting", () => {
  const config = readConfig({ DATABASE_URL: "postgres://127.0.0.1/given" });
  for (const name of changeableNames) {
    const configured = config[environmentName(name)];
    expect(changeableSettings.shape[name].parse(configured), name).toEqual(configured);
  }
});

it("no code reads the configured value of a changeable setting past effectiveSettings", async () => {
  const root = join(import.meta.dirname, "../../..");
  const names = changeableNames.map(environmentName).join("|");
  const past = new RegExp(`\\b(?:settings|config)\\s*\\.\\s*(?:${names})\\b`);
  const found: string[] = [];
  for await (const path of glob("{functions,shared}/**/*.ts", { cwd: root })) {
    if (past.test(await readFile(join(root, path), "utf8"))) found.push(path);
  }
  expect(found).toEqual([]);
});
