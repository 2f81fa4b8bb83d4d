import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { CHANGEABLE, changeableSettings, variableOf } from "#operations/changeable-settings.ts";
import { readConfig } from "#settings/config.ts";

it("what the environment says of a changeable setting is a value that it can be changed to", () => {
  const config = readConfig({ DATABASE_URL: "postgres://127.0.0.1/given" });
  for (const name of CHANGEABLE) {
    const configured = config[variableOf(name)];
    expect(changeableSettings.shape[name].parse(configured), name).toEqual(configured);
  }
});

it("nobody goes by the environment's value of a setting that may have been changed", async () => {
  const root = join(import.meta.dirname, "../../..");
  const names = CHANGEABLE.map(variableOf).join("|");
  const past = new RegExp(`\\b(?:settings|config)\\s*\\.\\s*(?:${names})\\b`);
  const found: string[] = [];
  for await (const path of glob("{functions,shared}/**/*.ts", { cwd: root })) {
    if (past.test(await readFile(join(root, path), "utf8"))) found.push(path);
  }
  expect(found).toEqual([]);
});
