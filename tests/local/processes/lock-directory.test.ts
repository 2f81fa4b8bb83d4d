import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DirectoryInUseError, lockDirectory } from "#local/processes/lock-directory.ts";
import { startProgram } from "#support/program.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";

const impatient = { what: "The oven", waitMs: 0 };

test("a directory has one holder until it is released", async () => {
  const directory = await temporaryDirectory();
  const lock = await lockDirectory(directory, impatient);
  await expect(lockDirectory(directory, impatient)).rejects.toBeInstanceOf(DirectoryInUseError);
  lock.release();
  lock.release();
  (await lockDirectory(directory, impatient)).release();
});

test("the error names the directory and its holder", async () => {
  const directory = await temporaryDirectory();
  const rival = await startRival(directory);
  await expect(lockDirectory(directory, impatient)).rejects.toThrow(
    `The oven in ${directory} is already in use by process ${rival.pid}. Stop that process, or use another`,
  );
});

test("a killed holder releases the directory to a waiting process", async () => {
  const directory = await temporaryDirectory();
  const rival = await startRival(directory);
  const waiting = lockDirectory(directory, { what: "The oven", waitMs: 30_000 });
  await rival.kill();
  const lock = await waiting;
  onTestFinished(() => {
    lock.release();
  });
  expect(await readFile(join(directory, "holder"), "utf8")).toBe(`${process.pid}\n`);
});

test("of many concurrent attempts one gets the lock", async () => {
  const directory = await temporaryDirectory();
  const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockDirectory(directory, impatient)));
  const got = tries.filter((one) => one.status === "fulfilled");
  expect(got).toHaveLength(1);
  got[0]?.value.release();
});

test("a lock file that cannot be written is named", async () => {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "lock"));
  await expect(lockDirectory(directory, impatient)).rejects.toThrow(
    `The lock file ${join(directory, "lock")} cannot be written: `,
  );
});

async function startRival(directory: string) {
  const rival = startProgram(new URL("lock-holder.ts", import.meta.url), [directory]);
  await rival.line(1);
  return rival;
}
