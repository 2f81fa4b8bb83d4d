import { open, readFile, readlink, realpath, rm, stat, truncate } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../processes/run.ts";
import type { Home } from "./home.ts";
import type { Software } from "./software.ts";

/** A place where a postmaster can run: the files, the programs and whose they are. */
export interface Site {
  home: Home;
  software: Software;
  /** What PostgreSQL calls PGDATA. */
  data: string;
}

const START_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 20_000;
const LOG_LIMIT_BYTES = 8 * 1024 * 1024;

/** The id of the live postmaster of this data directory, undefined when there is none. Clears a lock file that bars the way. */
export async function findPostmaster({ data }: Site): Promise<number | undefined> {
  const lockFile = join(data, "postmaster.pid");
  const pid = await recordedPid(lockFile);
  if (pid === undefined) return undefined;
  if (Number.isInteger(pid) && (await isPostmasterOf(pid, data))) return pid;
  // PostgreSQL itself goes over the lock file of a dead process, but not over one whose id another program has got since
  // (nor over an empty one). It still refuses to start beside live backends of a dead postmaster, by their shared memory.
  if (Number.isNaN(pid) || isAlive(pid)) await rm(lockFile, { force: true });
  return undefined;
}

/**
 * Starts a postmaster that outlives this process and its terminal, and waits until it takes connections.
 *
 * @returns its process id
 */
export async function launch(site: Site): Promise<number> {
  const { home, software, data } = site;
  const log = join(home.directory, "postgres.log");
  if ((await size(log)) > LOG_LIMIT_BYTES) await truncate(log);
  const deadline = Date.now() + START_WITHIN_MS;
  for (;;) {
    const logged = await size(log);
    const { code } = await run(
      software.pgCtl,
      ["start", "--wait", "--silent", `--timeout=${START_WITHIN_MS / 1000}`, `--pgdata=${data}`, `--log=${log}`],
      // No pipes: the postmaster would inherit them and keep them open.
      { account: home.account, cwd: home.directory, stdio: "ignore" },
    );
    if (code === 0) {
      const pid = await findPostmaster(site);
      if (pid !== undefined) return pid;
    }
    const complaint = await readFrom(log, logged);
    // Backends of a killed postmaster take a moment to notice. Waiting is all it needs.
    if (!/pre-existing shared memory block/.test(complaint) || Date.now() > deadline) {
      throw new LaunchError(`PostgreSQL did not start in ${home.directory}:\n${complaint.trim()}`, complaint);
    }
    await delay(100);
  }
}

/** Stops the postmaster with this id, ending its connections: in order if that works within 20 s, else at once. */
export async function stopPostmaster(site: Site, pid: number): Promise<void> {
  const { home, software, data } = site;
  for (const mode of ["fast", "immediate"]) {
    // It may have died, and another may have been started, since.
    if ((await findPostmaster(site)) !== pid) return;
    await run(software.pgCtl, ["stop", "--no-wait", "--silent", `--mode=${mode}`, `--pgdata=${data}`], {
      account: home.account,
      cwd: home.directory,
    });
    if (await isGone(site, pid)) return;
  }
  throw new Error(`PostgreSQL (process ${pid}) in ${home.directory} does not stop. End that process and start again.`);
}

/** Not `pg_ctl --wait`: that waits for dead processes to be reaped as well, which the first process of a container may never do. */
async function isGone(site: Site, pid: number): Promise<boolean> {
  const deadline = Date.now() + STOP_WITHIN_MS;
  while ((await findPostmaster(site)) === pid) {
    if (Date.now() > deadline) return false;
    await delay(20);
  }
  return true;
}

/** PostgreSQL did not come up. `complaint` is what it wrote to its log meanwhile. */
export class LaunchError extends Error {
  readonly complaint: string;

  constructor(message: string, complaint: string) {
    super(message);
    this.name = "LaunchError";
    this.complaint = complaint;
  }
}

/** The process id in the lock file: undefined without a file, NaN when the file holds none. */
async function recordedPid(lockFile: string): Promise<number | undefined> {
  const text = await readFile(lockFile, "utf8").catch(() => undefined);
  return text === undefined ? undefined : Number.parseInt(text, 10);
}

/** A process id alone proves nothing, as ids are used again: the postmaster is the postgres that works in the data directory. */
async function isPostmasterOf(pid: number, data: string): Promise<boolean> {
  const directory = await realpath(data);
  if (process.platform === "linux") {
    const [cwd, program] = await Promise.all([
      readlink(`/proc/${pid}/cwd`).catch(() => ""),
      readFile(`/proc/${pid}/comm`, "utf8").catch(() => ""),
    ]);
    return cwd === directory && program.trim() === "postgres";
  }
  const question: [string, string[]] =
    process.platform === "win32"
      ? ["tasklist", ["/NH", "/FO", "CSV", "/FI", `PID eq ${pid}`]]
      : ["ps", ["-ww", "-o", "command=", "-p", `${pid}`]];
  const { output } = await run(...question, { account: { name: "" }, cwd: directory });
  if (!output.includes("postgres")) return false;
  return process.platform === "win32" || output.includes(data) || output.includes(directory);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function size(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

async function readFrom(file: string, position: number): Promise<string> {
  const handle = await open(file).catch(() => undefined);
  if (!handle) return `(nothing in ${basename(file)})`;
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(16_384), position });
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await handle.close();
  }
}
