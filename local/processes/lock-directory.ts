import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { writeFile } from "./write-file.ts";

/** An exclusive lock on a directory, held until `release` or until this process dies. */
export interface DirectoryLock {
  release(): void;
}

/** Another live process holds the directory. `holder` is its process id, if known. */
export class DirectoryInUseError extends Error {
  readonly holder: number | undefined;

  constructor({ directory, what, holder }: { directory: string; what: string; holder: number | undefined }) {
    super(
      `${what} in ${directory} is already in use by ${holder ? `process ${holder}` : "another process"}. ` +
        `Stop that process, or use another data directory.`,
    );
    this.name = "DirectoryInUseError";
    this.holder = holder;
  }
}

const SQLITE_BUSY = 5;

/**
 * Locks the directory for this process. Waits up to `waitMs` (default 1500) for a dying holder.
 *
 * Node has no flock, and lock files with process ids fail when a process is killed and its id is reused. SQLite locks
 * in the operating system, which releases the lock when the holder dies.
 *
 * @param holder the process id for the message of other processes. Default: this process
 * @throws DirectoryInUseError when another process, or other code of this process, holds the directory
 */
export async function lockDirectory(
  directory: string,
  { what, waitMs = 1500, holder = process.pid }: { what: string; waitMs?: number; holder?: number },
): Promise<DirectoryLock> {
  const holderFile = join(directory, "holder");
  const deadline = Date.now() + waitMs;
  for (;;) {
    const lock = tryLock(join(directory, "lock"));
    if (lock) {
      await writeFile(holderFile, `${holder}\n`);
      return lock;
    }
    if (Date.now() >= deadline) {
      const currentHolder = Number(await readFile(holderFile, "utf8").catch(() => "")) || undefined;
      throw new DirectoryInUseError({ directory, what, holder: currentHolder });
    }
    await delay(25);
  }
}

function tryLock(file: string): DirectoryLock | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    // SQLite names no file: "database or disk is full".
    throw new Error(`The lock file ${file} cannot be written: ${(error as Error).message}.`, { cause: error });
  }
  const held = database;
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
}
