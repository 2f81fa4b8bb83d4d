import { expect, inject, it } from "vitest";
import { rota } from "../cli/rota.ts";
import { blocksOf, document } from "./markdown.ts";

const CLI = "npm run rota -- ";

it("the example prints exactly the output of the page", async () => {
  const [example, output] = blocksOf(await document("docs/time-machine.md"));
  const [command = ""] = example?.code.split("\n") ?? [];
  expect(command.startsWith(CLI)).toBe(true);
  const { code, stdout } = await rota(command.slice(CLI.length).split(" "), {
    env: { DATABASE_URL: inject("databaseServer") },
  });
  expect(stdout).toBe(output?.code);
  expect(code).toBe(0);
});
