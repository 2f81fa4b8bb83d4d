import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Locks a directory for this process until the returned function is called; two writers would destroy the journal.
 * Throws when a live process holds the lock. Takes over the lock of a process that has crashed.
 */
export function lockDirectory(directory: string): () => void {
  const file = join(directory, "lock");
  const holder = holderOf(file);
  if (holder !== undefined) {
    throw new Error(
      `The data directory ${directory} is in use: expected to be its only user, got process ${holder} named in ${file}. ` +
        `Stop that process or choose another directory; if it is no Service Bus emulator, delete the file.`,
    );
  }
  writeFileSync(file, String(process.pid));
  held.add(file);
  return () => {
    held.delete(file);
    rmSync(file, { force: true });
  };
}

/** Locks of this process. Its process id in a file can also be that of an earlier process. */
const held = new Set<string>();

function holderOf(file: string): number | undefined {
  let pid: number;
  try {
    pid = Number(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
  if (pid === process.pid) return held.has(file) ? pid : undefined;
  return isAlive(pid) ? pid : undefined;
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive too.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
