import { execFileSync } from "node:child_process";
import { symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "./emulator-process.ts";

test("the built package runs below node_modules", async () => {
  const project = temporaryDirectory();
  const installed = join(project, "node_modules/@rota/service-bus-emulator");
  const run = (...args: string[]) => execFileSync(process.execPath, args, { cwd: project, encoding: "utf8" });
  run(join(import.meta.dirname, "../build.ts"), installed);
  const rhea = dirname(createRequire(import.meta.url).resolve("rhea/package.json"));
  await symlink(rhea, join(project, "node_modules/rhea"));

  expect(run(join(installed, "bin.js"), "--help")).toContain("service-bus-emulator [--port number]");
  const script = `
    import { startServiceBusEmulator } from "@rota/service-bus-emulator";
    const emulator = await startServiceBusEmulator({ queues: { jobs: {} } });
    console.log(emulator.paths());
    await emulator.stop();`;
  expect(run("--input-type=module", "-e", script)).toBe("[ 'jobs' ]\n");
});
