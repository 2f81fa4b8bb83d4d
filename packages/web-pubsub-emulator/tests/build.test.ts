import { execFileSync } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

test("the built package runs under node_modules", async () => {
  const project = await mkdtemp(join(tmpdir(), "web-pubsub-emulator-"));
  onTestFinished(() => rm(project, { recursive: true }));
  const installed = join(project, "node_modules/@rota/web-pubsub-emulator");
  const run = (...args: string[]) => execFileSync(process.execPath, args, { cwd: project, encoding: "utf8" });
  run(join(import.meta.dirname, "../build.ts"), installed);
  const ws = dirname(fileURLToPath(import.meta.resolve("ws/package.json")));
  await symlink(ws, join(project, "node_modules/ws"));

  expect(run(join(installed, "bin.js"), "--help")).toContain("web-pubsub-emulator [options]");
  const script = `
    import { startWebPubSubEmulator } from "@rota/web-pubsub-emulator";
    const emulator = await startWebPubSubEmulator({ accessKey: "secret" });
    console.log(emulator.connectionString);
    await emulator.stop();`;
  expect(run("--input-type=module", "-e", script)).toContain(";AccessKey=secret;");
});
