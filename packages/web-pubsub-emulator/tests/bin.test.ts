import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { restClient } from "./started-emulator.ts";

const BIN = join(import.meta.dirname, "../src/bin.ts");

test("the command starts an emulator, and ends when its stdin pipe closes", async () => {
  const child = spawn(process.execPath, [BIN, "--key", "secret", "--hub", "rota"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const { connectionString } = JSON.parse(line) as { connectionString: string };
  expect(connectionString).toContain(";AccessKey=secret;");
  expect(await restClient(connectionString).userExists("ann")).toBe(false);
  await expect(restClient(connectionString, "other").sendToAll("x")).rejects.toMatchObject({ statusCode: 404 });
  const exit = once(child, "exit");
  child.stdin.end();
  expect(await exit).toEqual([0, null]);
});
