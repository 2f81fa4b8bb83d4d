import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const read = async (file: string) => JSON.parse(await readFile(join(ROOT, file), "utf8")) as unknown;
const { scripts } = (await read("package.json")) as { scripts: Record<string, string> };
const { include } = (await read("tsconfig.json")) as { include: string[] };

// The state folder of `npm start` may lie in the project, under any name.
it.each(["check:format", "check:lint", "format"])("%s names the folders of the sources, and no others", (name) => {
  const paths = scripts[name]!.split(" ");
  expect(paths).not.toContain(".");
  expect(paths).toEqual(expect.arrayContaining(include.filter((path) => !path.includes("*"))));
});
