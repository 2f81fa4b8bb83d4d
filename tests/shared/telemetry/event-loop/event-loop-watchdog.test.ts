import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { afterEach, beforeEach, expect, it } from "vitest";

const CHILD = join(import.meta.dirname, "watched-process.child.ts");
let folder: string;
let child: ChildProcessWithoutNullStreams;
let output: { stdout: string; stderr: string };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-event-loop-"));
});
afterEach(async () => {
  child.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

async function start(limitMs: number, file = CHILD): Promise<void> {
  output = { stdout: "", stderr: "" };
  child = spawn(process.execPath, [file, String(limitMs)]);
  for (const name of ["stdout", "stderr"] as const) child[name].on("data", (data) => (output[name] += String(data)));
  await entry("stdout", "ready");
}
const entries = (from: "stdout" | "stderr") =>
  output[from]
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const entry = async (from: "stdout" | "stderr", message: string) => {
  const find = () => entries(from).find((one) => String(one.message).startsWith(message));
  await expect.poll(find, { message }).toBeDefined();
  return find()!;
};
/** The process ends by itself: the watchdog does not keep it alive. */
const end = async () => {
  child.stdin.end();
  expect((await once(child, "exit"))[0]).toBe(0);
};

it("a job that blocks the event loop is named while it blocks, and afterwards with the duration", async () => {
  await start(1_000);
  const file = join(folder, "continue");
  child.stdin.write(`block ${file}\n`);
  const named = { job: "hostile_job", run: "run-of-hostile_job" };
  expect(await entry("stderr", "The event loop has been blocked for 1.")).toMatchObject({ level: "error", ...named });
  expect(output.stdout).not.toContain("took too long");
  await writeFile(file, "");
  const { blockedMs, ...after } = await entry("stdout", "A turn of the event loop took too long");
  expect(after).toMatchObject({ level: "warn", limitMs: 1_000, blocks: 1 });
  expect(blockedMs).toBeGreaterThan(1_000);
  await end();
});

it("the bundled watchdog names the job too", async () => {
  const outfile = join(folder, "bundle.mjs");
  await build({ entryPoints: [CHILD], outfile, bundle: true, minify: true, format: "esm", platform: "node" });
  await start(1_000, outfile);
  child.stdin.write(`block ${join(folder, "never")}\n`);
  expect(await entry("stderr", "The event loop has been blocked")).toMatchObject({ job: "hostile_job" });
});

it("all work in progress is named when there is more than one", async () => {
  await start(1_000);
  const file = join(folder, "continue");
  child.stdin.write(`wait 600000\nrequest ${file}\n`);
  const { active } = await entry("stderr", "The event loop has been blocked");
  expect(active).toEqual(["patient_job run-of-patient_job", "GET api/samples an-invocation"]);
  await writeFile(file, "");
  expect(await entry("stdout", "A turn of the event loop took too long")).toMatchObject({
    active: [{ name: "patient_job" }, { name: "GET api/samples" }],
  });
});

it("a job that awaits for longer than the limit is not named", async () => {
  await start(1_000);
  child.stdin.write("wait 1500\n");
  expect(await entry("stdout", "done")).toMatchObject({ blocks: 0, longestMs: 0 });
  await end();
  expect(output.stderr).toBe("");
});

it("a process that was suspended names no job: the log says that it did not run", async () => {
  await start(500);
  const file = join(folder, "continue");
  child.stdin.write(`block ${file}\n`);
  await entry("stderr", "The event loop has been blocked");
  await writeFile(file, "");
  // The work ends before the turn in which the block is logged.
  await entry("stdout", "done");
  await entry("stdout", "A turn of the event loop took too long");
  const before = entries("stdout").length;
  child.kill("SIGSTOP");
  await sleep(1_200);
  child.kill("SIGCONT");
  await expect.poll(() => entries("stdout").length).toBeGreaterThan(before);
  const { level, message } = entries("stdout")[before]!;
  expect([level, message]).toEqual(["warn", expect.stringContaining("The process did not run")]);
  expect(entries("stderr")).toHaveLength(1);
});
