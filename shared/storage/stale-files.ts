import { constants } from "node:fs";
import { type FileHandle, lstat, open, opendir, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";

/** `gone`: someone else was faster. `kept`: a directory that is not empty. */
export type Removal = "removed" | "gone" | "kept";

/** Something in a directory that is old enough to go, or that could not be looked at. */
export interface StaleFile {
  /** Its path below the directory. */
  readonly path: string;
  /** @throws what stands in the way; also when it could not even be looked at */
  remove(): Promise<Removal>;
}

/** The directory to be cleaned is none of ours: a link, or no directory at all. */
export class NotADirectory extends Error {
  override name = "NotADirectory";
  readonly errorClass = "validation";
}

/**
 * What was last written before an instant in a directory and those below it: files, links themselves and never what they
 * point to, and directories that are left empty. None where the directory does not exist. Take them one after another: the
 * directory of the current one is held open meanwhile.
 * @throws NotADirectory when `root` is a link or a file
 */
export async function* staleFiles(root: string, before: Date): AsyncGenerator<StaleFile> {
  let directory: FileHandle | undefined;
  try {
    directory = await openDirectory(root);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    if (codeOf(error) !== "ENOTDIR" && codeOf(error) !== "ELOOP") throw error;
    throw new NotADirectory(`TEMP_DIRECTORY: expected a directory, got a link or a file: ${root}`);
  }
  yield* staleBelow(directory, root, "", before);
}

/** Closes the directory that it is given. */
async function* staleBelow(
  directory: FileHandle,
  path: string,
  shown: string,
  before: Date,
): AsyncGenerator<StaleFile> {
  try {
    const base = pinned(directory, path);
    for await (const { name } of await opendir(base)) {
      const entry = join(base, name);
      yield* staleEntry(entry, join(shown, name), before);
    }
  } catch (error) {
    yield unreadable(shown || ".", error);
  } finally {
    await directory.close();
  }
}

async function* staleEntry(entry: string, shown: string, before: Date): AsyncGenerator<StaleFile> {
  let inside: FileHandle | undefined;
  let isOld: boolean;
  try {
    const found = await lstat(entry);
    isOld = found.mtimeMs < before.getTime();
    if (found.isDirectory()) inside = await openDirectory(entry);
  } catch (error) {
    // Gone, or turned into something else meanwhile: whoever does that is using it.
    if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(codeOf(error))) yield unreadable(shown, error);
    return;
  }
  if (inside) yield* staleBelow(inside, entry, shown, before);
  if (isOld) yield { path: shown, remove: inside ? () => removeIfEmpty(entry) : () => removed(() => unlink(entry)) };
}

/** A directory itself, never one that a link points to. */
async function openDirectory(path: string): Promise<FileHandle> {
  // Where the system lacks the flags (Windows), the check before has to do.
  if ((await lstat(path)).isSymbolicLink()) throw Object.assign(new Error(`${path} is a link`), { code: "ELOOP" });
  const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0 } = constants as Partial<typeof constants>;
  return open(path, (O_RDONLY ?? 0) | O_DIRECTORY | O_NOFOLLOW);
}

/**
 * A path through the open directory: if someone moves it away and puts a link into its place, this still leads into the
 * directory that was looked at. Only Linux has such paths.
 */
function pinned(directory: FileHandle, path: string): string {
  return process.platform === "linux" ? `/proc/self/fd/${directory.fd}` : path;
}

async function removeIfEmpty(path: string): Promise<Removal> {
  try {
    return await removed(() => rmdir(path));
  } catch (error) {
    // What is left in it is young, or has its own failure.
    if (codeOf(error) === "ENOTEMPTY" || codeOf(error) === "EEXIST") return "kept";
    throw error;
  }
}

async function removed(work: () => Promise<void>): Promise<Removal> {
  try {
    await work();
    return "removed";
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "gone";
    throw error;
  }
}

function unreadable(path: string, error: unknown): StaleFile {
  return {
    path,
    remove: () => Promise.reject(error instanceof Error ? error : new Error(String(error))),
  };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}
