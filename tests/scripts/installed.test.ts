import { execFile } from "node:child_process";
import { cp, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryDirectory } from "#support/temporary-directory.ts";

const root = join(import.meta.dirname, "../..");

/** What a script that requires an installation prints, run by this Node in the folder. */
async function printedIn(folder: string, args: readonly string[]): Promise<string> {
  return promisify(execFile)(process.execPath, args, { cwd: folder }).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { stderr: string }).stderr,
  );
}

it("without npm ci each script ends with one sentence that names it", async () => {
  const folder = await temporaryDirectory();
  await mkdir(join(folder, "scripts"));
  for (const file of ["package.json", "scripts/installed.js", "scripts/build.ts"])
    await cp(join(root, file), join(folder, file));
  for (const args of [["scripts/installed.js"], ["--import", "./scripts/installed.js", "scripts/build.ts"]]) {
    expect(await printedIn(folder, args)).toMatch(
      /^Packages are not installed: [\w@/-]+, [\w@/-]+, [\w@/-]+ and \d+ more\. Run npm ci first\.\n$/,
    );
  }
});

it("on Node 20 it says which Node to take, and on this one nothing", async () => {
  const old = "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });";
  const check = `await import("./scripts/installed.js");`;
  expect(await printedIn(root, ["--input-type=module", "--eval", `${old} ${check}`])).toMatch(
    /^Rota runs on Node 24, and this is v.*: run npm start or npm run …, which use it, or npx node … for a single file\.\n$/,
  );
  expect(await printedIn(root, ["scripts/installed.js"])).toBe("");
});

it("every script of package.json loads it", async () => {
  const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const without = Object.entries(scripts).filter(
    ([, command]) => !/^node (?:--import \.\/)?scripts\/installed\.js /.test(command),
  );
  expect(without).toEqual([]);
});
