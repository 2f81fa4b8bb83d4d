import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { buildDirectory, publishBuild } from "../../scripts/publish-build.ts";

async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "rota-publish-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function built(root: string, files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await buildDirectory(join(root, "builds"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  return directory;
}

const contents = async (output: string) => {
  const entries = await readdir(output, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name.slice(output.length + 1), await readFile(name, "utf8")])),
  ) as Record<string, string>;
};

describe("A build", () => {
  it("replaces the entry file and leaves the chunks of the build before, on which an app may run", async () => {
    const root = await temporary();
    const output = join(root, "dist");
    await publishBuild(await built(root, { "main.js": "one", "chunks/a-1.js": "a1" }), output);
    await publishBuild(await built(root, { "main.js": "two", "chunks/a-2.js": "a2" }), output);
    expect(await contents(output)).toEqual({ "main.js": "two", "chunks/a-1.js": "a1", "chunks/a-2.js": "a2" });
  });

  it("deletes chunks of old builds", async () => {
    const root = await temporary();
    const output = join(root, "dist");
    await publishBuild(await built(root, { "main.js": "one", "chunks/a-1.js": "a1", "chunks/b-1.js": "b1" }), output);
    const old = new Date(Date.now() - 31 * 86_400_000);
    await utimes(join(output, "chunks/a-1.js"), old, old);
    await publishBuild(await built(root, { "main.js": "two", "chunks/a-2.js": "a2" }), output);
    expect(Object.keys(await contents(output)).sort()).toEqual(["chunks/a-2.js", "chunks/b-1.js", "main.js"]);
  });

  it("for a package has no chunk of another build", async () => {
    const root = await temporary();
    const output = join(root, "dist");
    await publishBuild(await built(root, { "main.js": "one", "chunks/a-1.js": "a1" }), output);
    await publishBuild(await built(root, { "main.js": "two", "chunks/a-2.js": "a2" }), output, { exact: true });
    expect(await contents(output)).toEqual({ "main.js": "two", "chunks/a-2.js": "a2" });
  });

  it("that was interrupted leaves the one before whole, and is deleted a day later", async () => {
    const root = await temporary();
    const output = join(root, "dist");
    await publishBuild(await built(root, { "main.js": "one" }), output);
    const interrupted = await built(root, { "chunks/a-2.js": "a2" });
    expect(await contents(output)).toEqual({ "main.js": "one" });
    const old = new Date(Date.now() - 2 * 86_400_000);
    await utimes(interrupted, old, old);
    const next = await buildDirectory(join(root, "builds"));
    expect(await readdir(join(root, "builds"))).toEqual([next.slice(join(root, "builds").length + 1)]);
  });
});
