import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";

const FOLDER = join(import.meta.dirname, "..");

test("the example of the README works as it stands", async () => {
  const [, example = ""] = /```ts\n(.*?)```/s.exec(readFileSync(join(FOLDER, "README.md"), "utf8")) ?? [];
  const child = spawn(process.execPath, ["--input-type=module", "-e", example], {
    cwd: FOLDER,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  expect(await once(createInterface(child.stdout), "line")).toEqual(["{ hello: 'world' }"]);
});
