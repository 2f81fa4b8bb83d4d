import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

const DAY_MS = 86_400_000;
/** Chunks of earlier builds stay this long for the apps that run on them. */
const KEEP_CHUNKS_MS = 30 * DAY_MS;
/** The files that lead to all others, in the order in which they appear: the entry file is last. */
const ENTRY = ["main.js.map", "manifest.json", "main.js"];

/** A new directory for one build. It deletes those that interrupted builds left a day ago. */
export async function buildDirectory(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const leftover = join(parent, name);
    const { mtimeMs } = await stat(leftover).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > DAY_MS) await rm(leftover, { recursive: true, force: true });
  }
  return mkdtemp(join(parent, "build-"));
}

/**
 * Moves a finished build into the output directory. Chunks have their content in their names, so those of earlier
 * builds stay beside the new ones: an app that runs loads its own. The entry files replace the old ones last, each in
 * one step, so a build that ends early leaves the earlier one, and two builds at once leave one of both.
 * @param building on the file system of `output`; it is gone afterwards
 * @param options.exact deletes the chunks of all earlier builds, which breaks an app that runs on them
 */
export async function publishBuild(
  building: string,
  output: string,
  { exact = false, keepMs = KEEP_CHUNKS_MS }: { exact?: boolean; keepMs?: number } = {},
): Promise<void> {
  const files = await filesOf(building);
  const entry = ENTRY.filter((file) => files.includes(file));
  for (const file of [...files.filter((name) => !ENTRY.includes(name)), ...entry]) {
    await mkdir(dirname(join(output, file)), { recursive: true });
    await rename(join(building, file), join(output, file));
  }
  await rm(building, { recursive: true, force: true });
  const current = new Set(files);
  for (const file of await filesOf(output)) {
    if (current.has(file)) continue;
    const { mtimeMs } = await stat(join(output, file)).catch(() => ({ mtimeMs: Date.now() }));
    if (exact || Date.now() - mtimeMs > keepMs) await rm(join(output, file), { force: true });
  }
}

/** The paths of all files below a directory, relative to it. */
async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}
