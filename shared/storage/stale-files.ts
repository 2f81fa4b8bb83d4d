import { constants } from "node:fs";
import { type FileHandle, lstat, open, opendir, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";

/** `gone`: already removed by another process. `kept`: a directory that is not empty. */
export type Removal = "removed" | "gone" | "kept";

/** A file or directory that is old enough to remove, or that could not be read. */
export interface StaleFile {
  /** The path relative to the directory. */
  readonly path: string;
  /** @throws the error that prevents removal, or that prevented reading */
  remove(): Promise<Removal>;
}

/** The directory to clean is a link or a file. */
export class NotADirectory extends Error {
  override name = "NotADirectory";
  readonly errorClass = "validation";
}

/**
 * Files, links and empty directories below a directory that were last written before an instant. Links are never
 * followed. A missing directory has none. Process them one after another: the directory of the current one stays open.
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

/** Closes the given directory. */
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
    // Removed or replaced in the meantime: another process uses it.
    if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(codeOf(error))) yield unreadable(shown, error);
    return;
  }
  if (inside) yield* staleBelow(inside, entry, shown, before);
  if (isOld) yield { path: shown, remove: inside ? () => removeIfEmpty(entry) : () => removed(() => unlink(entry)) };
}

/** Opens a directory, never through a link. */
async function openDirectory(path: string): Promise<FileHandle> {
  // Windows lacks the flags; there the check before is the only protection.
  if ((await lstat(path)).isSymbolicLink()) throw Object.assign(new Error(`${path} is a link`), { code: "ELOOP" });
  const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0 } = constants as Partial<typeof constants>;
  return open(path, (O_RDONLY ?? 0) | O_DIRECTORY | O_NOFOLLOW);
}

/**
 * A path through the open directory handle: it still leads into the checked directory when another process replaces
 * that with a link. Only Linux has such paths.
 */
function pinned(directory: FileHandle, path: string): string {
  return process.platform === "linux" ? `/proc/self/fd/${directory.fd}` : path;
}

async function removeIfEmpty(path: string): Promise<Removal> {
  try {
    return await removed(() => rmdir(path));
  } catch (error) {
    // The remaining entries are newer, or have their own error.
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
