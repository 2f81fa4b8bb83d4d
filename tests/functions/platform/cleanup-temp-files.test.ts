import { mkdir, readdir, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Run } from "#data/platform/platform-schema.ts";
import { cleanupTempFiles } from "#functions/platform/cleanup-temp-files.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

const NOW = "2026-03-10T05:00:00Z";
const OLD = new Date("2026-03-09T04:59:00Z");

let database: TestDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());

test("deletes temporary files a day after their last write, only in the directory of the setting", async () => {
  const [directory, beside] = [await temporaryDirectory(), await temporaryDirectory()];
  for (const folder of [directory, beside]) {
    for (const [name, at] of [
      ["old.pdf", OLD],
      ["young.pdf", new Date(NOW)],
    ] as const) {
      await writeFile(join(folder, name), "content");
      await utimes(join(folder, name), at, at);
    }
  }
  const run = await cleanUp(directory);
  expect(run).toMatchObject({ state: "succeeded", result: { removed: 1 }, itemFailureCount: 0 });
  expect(await readdir(directory)).toEqual(["young.pdf"]);
  expect((await readdir(beside)).sort()).toEqual(["old.pdf", "young.pdf"]);
  expect((await cleanUp(directory)).result).toEqual({});
});

test("does not clean a directory that is a link, and does not retry", async () => {
  const outside = await temporaryDirectory();
  await mkdir(join(outside, "real"));
  await symlink(join(outside, "real"), join(outside, "link"));
  const run = await cleanUp(join(outside, "link"));
  expect(run.state).toBe("dead");
  expect(run.errors[0]?.message).toMatch(/^TEMP_DIRECTORY: expected a directory, got a link or a file: /);
});

async function cleanUp(directory: string): Promise<Run> {
  const app = startProcess(database.url, [cleanupTempFiles], {
    clock: new TestClock(NOW),
    env: { TEMP_DIRECTORY: directory },
  });
  onTestFinished(() => app.close());
  const { id } = await app.enqueuer.enqueue(cleanupTempFiles, { input: {}, trigger: "manual", requestedBy: "a test" });
  return (await app.runner.execute(id))!;
}
