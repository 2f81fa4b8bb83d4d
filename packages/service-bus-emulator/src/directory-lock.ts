import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Makes a directory this process's own until the returned function is called; two writers would destroy the journal.
 * Throws when another process that is alive has it. A lock that a crash left behind is taken over.
 */
export function lockDirectory(directory: string): () => void {
  const file = join(directory, "lock");
  const holder = holderOf(file);
  if (holder !== undefined) {
    throw new Error(
      `The data directory ${directory} is in use: expected to be its only user, got process ${holder} named in ${file}. ` +
        `Stop that process or choose another directory; if it is not a Service Bus stand-in, delete the file.`,
    );
  }
  writeFileSync(file, String(process.pid));
  held.add(file);
  return () => {
    held.delete(file);
    rmSync(file, { force: true });
  };
}

/** What this process itself has locked: its own number in a file may also be left from an earlier process that had the same one. */
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
    // Someone else's process is alive, too.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
