import { execFile, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { freePort, isFree } from "#local/ports.ts";
import { stackEnvironment } from "#support/stack-environment.ts";
import { startStack, stateDirectory } from "./stack-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const state = await stateDirectory();

it("a second start is refused before it builds, and changes nothing of the first one", async () => {
  const first = await startStack(state);
  const files = ["demo-port", "demo-county-port", "app.json", "host-key"];
  const contents = () => Promise.all(files.map((name) => readFile(join(state, name), "utf8")));
  const builds = () => readdir(join(ROOT, ".rota/builds")).catch(() => []);
  const before = [await contents(), await builds()];
  // `npm start` is this command.
  const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { scripts: { start: string } };
  expect(scripts.start).toBe("node --import ./scripts/installed.js scripts/start.ts");
  const second = promisify(execFile)(process.execPath, [join(ROOT, "scripts/start.ts"), "--state", state]);
  await expect(second).rejects.toThrow("already running here");
  // The check inside of the start, when two begin at once.
  const third = promisify(execFile)(process.execPath, [join(ROOT, "scripts/start-rota.ts"), "--state", state]);
  await expect(third).rejects.toThrow("already running here");
  expect([await contents(), await builds()]).toEqual(before);
  expect((await first.call("GET", "api/health/ready")).status).toBe(200);
  await first.stop();
});

it.each(["SIGTERM", "SIGKILL"] as const)(
  "%s to npm start ends the app and everything that it started",
  async (signal) => {
    // As npm does it: a shell between npm and the app, which ends without passing signals on.
    const args = ["scripts/start-rota.ts", "--state", state, "--port", String(await freePort())];
    const npm = spawn(process.execPath, ["-e", NPM, process.execPath, ...args], {
      cwd: ROOT,
      env: { ...stackEnvironment(), npm_lifecycle_event: "start" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    npm.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await expect.poll(() => output).toContain("Ctrl-C stops it");
    const { pid, databaseUrl } = JSON.parse(await readFile(join(state, "app.json"), "utf8")) as {
      pid: number;
      databaseUrl: string;
    };
    npm.kill(signal);
    await expect.poll(() => isAlive(pid)).toBe(false);
    await expect.poll(() => isFree(Number(new URL(databaseUrl).port))).toBe(true);
  },
);

const NPM = `
  const [node, ...args] = process.argv.slice(1);
  const shell = require("child_process").spawn("sh", ["-c", '"$0" "$@"; exit $?', node, ...args], { stdio: "inherit" });
  process.on("SIGTERM", () => shell.kill("SIGTERM"));
  shell.on("exit", () => process.exit());`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
