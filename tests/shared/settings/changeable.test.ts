import { expect, it } from "vitest";
import { readConfig } from "../../../shared/config.ts";
import { CHANGEABLE, changeableSettings, variableOf } from "../../../shared/settings/changeable.ts";

it("what the environment says of a changeable setting is a value that it can be changed to", () => {
  const config = readConfig({ DATABASE_URL: "postgres://127.0.0.1/given" });
  for (const name of CHANGEABLE) {
    const configured = config[variableOf(name)];
    expect(changeableSettings.shape[name].parse(configured), name).toEqual(configured);
  }
});
