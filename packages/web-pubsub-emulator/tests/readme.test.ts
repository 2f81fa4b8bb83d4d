import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";

const PACKAGE = join(import.meta.dirname, "..");

test("the example of the README runs", async () => {
  const [, example = ""] = /```ts\n(.*?)```/s.exec(readFileSync(join(PACKAGE, "README.md"), "utf8")) ?? [];
  const child = spawn(process.execPath, ["--input-type=module", "-e", example], {
    cwd: PACKAGE,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  expect(await once(createInterface(child.stdout), "line")).toEqual(["{ hello: 'world' }"]);
});

test("the commands of the README name this package and its command", async () => {
  const readme = readFileSync(join(PACKAGE, "README.md"), "utf8");
  const manifest = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as {
    name: string;
    bin: Record<string, string>;
  };
  const [, install = "", command = "", args = ""] = /```bash\nnpm i -D (\S+)\nnpx (\S+) (.*)\n```/.exec(readme) ?? [];
  expect(install).toBe(manifest.name);
  const child = spawn(process.execPath, [join(PACKAGE, manifest.bin[command] ?? ""), ...args.split(" ")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  expect(JSON.parse(line)).toMatchObject({ connectionString: expect.stringContaining("AccessKey=") as string });
});
