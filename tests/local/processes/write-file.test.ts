import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeFile } from "#local/processes/write-file.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";

// A device that answers each write as a full disk does.
test.skipIf(!existsSync("/dev/full"))("the error of a full disk names the file", async () => {
  await expect(writeFile("/dev/full", "text")).rejects.toThrow("ENOSPC: no space left on device, write '/dev/full'");
});

test("an error that names the file already names it once", async () => {
  const file = join(await temporaryDirectory(), "missing/file");
  const named = `ENOENT: no such file or directory, open '${file}'`;
  await expect(writeFile(file, "text")).rejects.toThrow(expect.objectContaining({ message: named }));
});
