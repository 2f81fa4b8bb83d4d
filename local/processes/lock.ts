import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";

/** A directory that this process alone may use until `release`, or until it dies in whatever way. */
export interface DirectoryLock {
  release(): void;
}

/** Another live process holds the directory. `holder` is its process id, where that could be read. */
export class DirectoryInUseError extends Error {
  readonly holder: number | undefined;

  constructor({ directory, what, holder }: { directory: string; what: string; holder: number | undefined }) {
    super(
      `${what} in ${directory} is already in use by ${holder ? `process ${holder}` : "another process"}. ` +
        `Stop that one first, or use another data directory.`,
    );
    this.name = "DirectoryInUseError";
    this.holder = holder;
  }
}

const SQLITE_BUSY = 5;

/**
 * Takes the directory for this process, waiting up to `patienceMs` (default 1500) for the holder to finish dying.
 *
 * Node offers no flock, and lock files with process ids go wrong when a process is killed and its id is used again.
 * SQLite holds its lock in the operating system, which frees it however the holder dies.
 *
 * @param holder the process that a refused one should name, where it is not this one
 * @throws DirectoryInUseError when another process, or another place in this one, keeps holding it
 */
export async function lockDirectory(
  directory: string,
  { what, patienceMs = 1500, holder = process.pid }: { what: string; patienceMs?: number; holder?: number },
): Promise<DirectoryLock> {
  const holderFile = join(directory, "holder");
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const lock = tryLock(join(directory, "lock"));
    if (lock) {
      await writeFile(holderFile, `${holder}\n`);
      return lock;
    }
    if (Date.now() >= deadline) {
      const rival = Number(await readFile(holderFile, "utf8").catch(() => "")) || undefined;
      throw new DirectoryInUseError({ directory, what, holder: rival });
    }
    await delay(25);
  }
}

function tryLock(file: string): DirectoryLock | undefined {
  const database = new DatabaseSync(file);
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return {
    release() {
      if (database.isOpen) database.close();
    },
  };
}
