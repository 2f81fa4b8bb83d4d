import { open, readFile, readlink, realpath, rm, stat, truncate } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runProgram } from "../processes/run-program.ts";
import type { DatabaseHome } from "./database-home.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";

/** What a postmaster needs: its home, its programs and its data directory. */
export interface PostmasterFiles {
  home: DatabaseHome;
  software: PostgresBinaries;
  /** What PostgreSQL calls PGDATA. */
  data: string;
}

const START_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 20_000;
const LOG_LIMIT_BYTES = 8 * 1024 * 1024;

/** The process id of the live postmaster of this data directory; undefined without one. Removes a stale lock file. */
export async function findPostmaster({ data }: PostmasterFiles): Promise<number | undefined> {
  const lockFile = join(data, "postmaster.pid");
  const pid = await recordedPid(lockFile);
  if (pid === undefined) return undefined;
  if (Number.isInteger(pid) && (await isPostmasterOf(pid, data))) return pid;
  // PostgreSQL ignores the lock file of a dead process, but not an empty one, nor one whose process id another program
  // has now. It still detects live backends of a dead postmaster, by their shared memory.
  if (Number.isNaN(pid) || isAlive(pid)) await rm(lockFile, { force: true });
  return undefined;
}

/** Whether this postmaster runs: a cheap check for repeated calls, which off Linux looks at the process id only. */
export async function isPostmasterRunning({ data }: PostmasterFiles, pid: number): Promise<boolean> {
  return process.platform === "linux" ? isPostmasterOf(pid, data).catch(() => false) : isAlive(pid);
}

/** The file that receives the server's log. */
export function serverLogFile(home: DatabaseHome): string {
  return join(home.directory, "postgres.log");
}

/** Why the server gave up since its last start, as it logged it, such as a full disk. Undefined after a kill. */
export async function loggedFault(home: DatabaseHome): Promise<string | undefined> {
  const log = await readFile(serverLogFile(home), "utf8").catch(() => "");
  const sinceStart = log.slice(log.lastIndexOf("starting PostgreSQL"));
  return [...sinceStart.matchAll(/(?:PANIC:|FATAL: {2}could not) .*/g)].at(-1)?.[0].replace(/\s+/g, " ");
}

/**
 * Starts a postmaster that outlives this process and its terminal, and waits until it accepts connections.
 *
 * @returns its process id
 */
export async function startPostmaster(site: PostmasterFiles): Promise<number> {
  const { home, software, data } = site;
  const log = serverLogFile(home);
  if ((await size(log)) > LOG_LIMIT_BYTES) await truncate(log);
  const deadline = Date.now() + START_WITHIN_MS;
  for (;;) {
    const logged = await size(log);
    const { code } = await runProgram(
      software.pgCtl,
      ["start", "--wait", "--silent", `--timeout=${START_WITHIN_MS / 1000}`, `--pgdata=${data}`, `--log=${log}`],
      // No pipes: the postmaster would inherit them and keep them open.
      { account: home.account, cwd: home.directory, stdio: "ignore" },
    );
    if (code === 0) {
      const pid = await findPostmaster(site);
      if (pid !== undefined) return pid;
    }
    const serverLog = await readFrom(log, logged);
    // Backends of a killed postmaster end after a moment: wait and try again.
    if (!/pre-existing shared memory block/.test(serverLog) || Date.now() > deadline) {
      throw new PostmasterStartError(`PostgreSQL did not start in ${home.directory}:\n${serverLog.trim()}`, serverLog);
    }
    await delay(100);
  }
}

/** Stops the postmaster with this id and its connections: mode fast first, mode immediate after 20 s. */
export async function stopPostmaster(site: PostmasterFiles, pid: number): Promise<void> {
  const { home, software, data } = site;
  for (const mode of ["fast", "immediate"]) {
    // It may have died meanwhile, and another one may have started.
    if ((await findPostmaster(site)) !== pid) return;
    await runProgram(software.pgCtl, ["stop", "--no-wait", "--silent", `--mode=${mode}`, `--pgdata=${data}`], {
      account: home.account,
      cwd: home.directory,
    });
    if (await isGone(site, pid)) return;
  }
  throw new Error(`PostgreSQL (process ${pid}) in ${home.directory} does not stop. Kill that process and start again.`);
}

/** Not `pg_ctl --wait`: that also waits for zombies, which the first process of a container may never reap. */
async function isGone(site: PostmasterFiles, pid: number): Promise<boolean> {
  const deadline = Date.now() + STOP_WITHIN_MS;
  while ((await findPostmaster(site)) === pid) {
    if (Date.now() > deadline) return false;
    await delay(20);
  }
  return true;
}

/** PostgreSQL did not start. `serverLog` is what it wrote to its log meanwhile. */
export class PostmasterStartError extends Error {
  readonly serverLog: string;

  constructor(message: string, serverLog: string) {
    super(message);
    this.name = "LaunchError";
    this.serverLog = serverLog;
  }
}

/** The process id in the lock file: undefined without a file, NaN when the file holds none. */
async function recordedPid(lockFile: string): Promise<number | undefined> {
  const text = await readFile(lockFile, "utf8").catch(() => undefined);
  return text === undefined ? undefined : Number.parseInt(text, 10);
}

/** Systems reuse process ids: only a postgres process with this data directory is the postmaster. */
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
  const { output } = await runProgram(...question, { account: { name: "" }, cwd: directory });
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
