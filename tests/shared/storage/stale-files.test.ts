import {
  chmod,
  chown,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readFile,
  rename,
  symlink,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type StaleFile, staleFiles } from "#storage/stale-files.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";

const NOW = new Date("2026-03-10T05:00:00Z");
const OLD = new Date("2026-03-09T04:59:59Z");
const YOUNG = new Date("2026-03-09T05:00:01Z");
const BEFORE = new Date(NOW.getTime() - 24 * 3_600_000);

describe("what is deleted", () => {
  test("old files, also in subdirectories; new files and their directories stay", async () => {
    const root = await temporaryDirectory();
    await tree(root, {
      "old.pdf": OLD,
      "young.pdf": YOUNG,
      "job/old.html": OLD,
      "job/young.html": YOUNG,
      "done/a/b.png": OLD,
    });
    expect(await clean(root)).toEqual({
      "old.pdf": "removed",
      "job/old.html": "removed",
      job: "kept",
      "done/a/b.png": "removed",
      "done/a": "removed",
      done: "removed",
    });
    expect(await readdir(root, { recursive: true })).toEqual(
      expect.arrayContaining(["young.pdf", "job", "job/young.html"]),
    );
    expect(await readdir(root, { recursive: true })).toHaveLength(3);
  });

  test("a new empty directory stays", async () => {
    const root = await temporaryDirectory();
    await tree(root, { "job/old.html": OLD });
    await utimes(join(root, "job"), YOUNG, YOUNG);
    expect(await clean(root)).toEqual({ "job/old.html": "removed" });
    expect(await readdir(root)).toEqual(["job"]);
  });

  test("the directory itself stays; a missing one is no error", async () => {
    const root = await temporaryDirectory();
    await utimes(root, OLD, OLD);
    expect(await clean(root)).toEqual({});
    expect(await clean(join(root, "not-yet"))).toEqual({});
  });
});

describe("nothing outside of the directory changes", () => {
  test("an old link is deleted, its target stays: a file, a directory, a parent, nothing", async () => {
    const [root, outside] = [await temporaryDirectory(), await temporaryDirectory()];
    await tree(outside, { "precious.txt": OLD, "folder/precious.txt": OLD });
    const targets = {
      file: join(outside, "precious.txt"),
      folder: join(outside, "folder"),
      up: "..",
      nothing: "/no/such",
    };
    for (const [name, target] of Object.entries(targets)) {
      await symlink(target, join(root, name));
      await lutimes(join(root, name), OLD, OLD);
    }
    expect(await clean(root)).toEqual({ file: "removed", folder: "removed", up: "removed", nothing: "removed" });
    expect(await readFile(join(outside, "folder/precious.txt"), "utf8")).toBe("content");
    expect(await readFile(join(outside, "precious.txt"), "utf8")).toBe("content");
  });

  test("a new link to an old directory stays, and is not followed", async () => {
    const [root, outside] = [await temporaryDirectory(), await temporaryDirectory()];
    await tree(outside, { "precious.txt": OLD });
    await symlink(outside, join(root, "link"));
    await lutimes(join(root, "link"), YOUNG, YOUNG);
    expect(await clean(root)).toEqual({});
    expect(await readdir(outside)).toEqual(["precious.txt"]);
  });

  test("a root that is a link or a file: nothing is deleted, and the error names the setting", async () => {
    const [root, outside] = [await temporaryDirectory(), await temporaryDirectory()];
    await tree(outside, { "precious.txt": OLD });
    await symlink(outside, join(root, "link"));
    await writeFile(join(root, "file"), "");
    for (const name of ["link", "file"]) {
      await expect(clean(join(root, name))).rejects.toThrow(
        /^TEMP_DIRECTORY: expected a directory, got a link or a file: /,
      );
    }
    expect(await readdir(outside)).toEqual(["precious.txt"]);
  });
});

describe("concurrent changes", () => {
  test("a file that another process deletes first is no failure", async () => {
    const root = await temporaryDirectory();
    await tree(root, { "old.pdf": OLD });
    for await (const { path, remove } of staleFiles(root, BEFORE)) {
      await unlink(join(root, path));
      expect(await remove()).toBe("gone");
    }
  });

  test.runIf(process.platform === "linux")(
    "a directory that becomes a link after it was looked at leads nowhere else",
    async () => {
      const [root, outside] = [await temporaryDirectory(), await temporaryDirectory()];
      await tree(root, { "job/one.pdf": OLD, "job/two.pdf": OLD });
      await tree(outside, { "one.pdf": OLD, "two.pdf": OLD });
      const outcomes: string[] = [];
      let swapped = false;
      for await (const { path, remove } of staleFiles(root, BEFORE)) {
        if (!swapped) {
          await rename(join(root, "job"), join(root, "moved"));
          await symlink(outside, join(root, "job"));
          swapped = true;
        }
        outcomes.push(await remove().catch((error: unknown) => `${path}: ${String(error)}`));
      }
      expect((await readdir(outside)).sort()).toEqual(["one.pdf", "two.pdf"]);
      expect(outcomes.slice(0, 2)).toEqual(["removed", "removed"]);
      // A directory that turned into a link is not removed as one.
      expect((await lstat(join(root, "job"))).isSymbolicLink()).toBe(true);
    },
  );

  test("an unreadable entry fails alone, with its path; the rest is deleted", async () => {
    const root = await temporaryDirectory();
    await tree(root, { "locked/old.pdf": OLD, "shut/old.pdf": OLD, "zfree.pdf": OLD });
    await asUnprivilegedUser(root);
    await chmod(join(root, "locked"), 0o000);
    await chmod(join(root, "shut"), 0o500);
    onTestFinished(async () => {
      for (const name of ["locked", "shut"]) await chmod(join(root, name), 0o700).catch(() => undefined);
    });
    const found = await clean(root);
    expect(found).toMatchObject({ locked: "EACCES", "shut/old.pdf": "EACCES", "zfree.pdf": "removed" });
    expect((await readdir(root)).sort()).toEqual(["locked", "shut"]);
  });

  test("no directory stays open", async () => {
    const root = await temporaryDirectory();
    await tree(root, { "a/b/c.pdf": OLD, "a/d.pdf": OLD });
    const before = await openFiles();
    for await (const _ of staleFiles(root, BEFORE)) break;
    await clean(root);
    expect(await openFiles()).toBeLessThanOrEqual(before);
  });
});

async function clean(root: string): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {};
  for await (const file of staleFiles(root, BEFORE)) outcomes[file.path] = await outcomeOf(file);
  return outcomes;
}

function outcomeOf(file: StaleFile): Promise<string> {
  return file.remove().catch((error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error));
}

/** Files with their last write; directories are old. */
async function tree(root: string, files: Readonly<Record<string, Date>>): Promise<void> {
  for (const [path, at] of Object.entries(files)) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), "content");
    await utimes(join(root, path), at, at);
  }
  for (const path of await readdir(root, { recursive: true })) {
    if ((await lstat(join(root, path))).isDirectory()) await utimes(join(root, path), OLD, OLD);
  }
}

/** Root can open every directory: the rest of the test runs as an unprivileged user. */
async function asUnprivilegedUser(root: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const NOBODY = 65_534;
  await chown(root, NOBODY, NOBODY);
  for (const path of await readdir(root, { recursive: true })) await chown(join(root, path), NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  onTestFinished(() => process.seteuid?.(0));
}

async function openFiles(): Promise<number> {
  return process.platform === "linux" ? (await readdir("/proc/self/fd")).length : 0;
}
