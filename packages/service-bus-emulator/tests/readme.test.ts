import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";

const PACKAGE = join(import.meta.dirname, "..");
const readme = readFileSync(join(PACKAGE, "README.md"), "utf8");

/** The first line that a program prints. It ends with the test. */
async function firstLineOf(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: PACKAGE, stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return line;
}

test("the commands of the README start the emulator with a queue", async () => {
  const { name, bin } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as {
    name: string;
    bin: Record<string, string>;
  };
  const [, commands = ""] = /```sh\n(.*?)```/s.exec(readme) ?? [];
  const [install, start = ""] = commands.trim().split("\n");
  const [npx, command = "", ...args] = start.split(" ");
  expect(install).toBe(`npm i -D ${name}`);
  expect(npx).toBe("npx");
  expect(args).toEqual(["--queue", "jobs"]);
  const line = await firstLineOf(join(PACKAGE, bin[command] ?? ""), ...args);
  const { connectionString } = JSON.parse(line) as { connectionString: string };
  expect(connectionString).toContain("UseDevelopmentEmulator=true");
});

test("the example of the README prints what its comment shows", async () => {
  const [, example = ""] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const [, expected] = /console\.log\(.*\); \/\/ (.*)/.exec(example) ?? [];
  expect(await firstLineOf("--input-type=module", "-e", example)).toBe(expected);
});
