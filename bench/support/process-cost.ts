import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import postgres from "postgres";

/**
 * Runs a script in a Node process of its own, so that memory is its own too, and reads the JSON line that it prints last.
 * @param flags Node's own
 */
export async function inOwnProcess<T>(
  script: string,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<T> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...flags, script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  for await (const chunk of child.stdout) out += String(chunk);
  const last = out.trim().split("\n").at(-1) ?? "";
  if (child.exitCode) throw new Error(`${script} ${args.join(" ")} ended with ${child.exitCode}: ${out}`);
  return JSON.parse(last) as T;
}

/** Most memory that this process had at one time, in MiB. */
export function peakMiB(): number {
  return process.resourceUsage().maxRSS / 1024;
}

/** What a piece of work took: time on the wall, and of the processors in this process and in PostgreSQL. */
export interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
  /** Null where the system does not say (it is read from /proc). */
  readonly postgresCpuMs: number | null;
  /** That PostgreSQL ran. */
  readonly statements: number;
}

/** Of both processors together; time on the wall where the system does not say. */
export function processorMs({ ms, cpuMs, postgresCpuMs }: Cost): number {
  return postgresCpuMs === null ? ms : cpuMs + postgresCpuMs;
}

/** The database, and the process id of its postmaster. */
export interface Server {
  readonly url: string;
  readonly pid: number;
}

export async function costOf({ url, pid }: Server, work: () => Promise<unknown>): Promise<Cost> {
  const before = await statementsSoFar(url);
  const [start, cpu, postgresCpu] = [performance.now(), process.cpuUsage(), postgresCpuMs(pid)];
  await work();
  const [ms, { user, system }, postgresCpuNow] = [performance.now() - start, process.cpuUsage(cpu), postgresCpuMs(pid)];
  return {
    ms,
    cpuMs: (user + system) / 1_000,
    postgresCpuMs: postgresCpu === null || postgresCpuNow === null ? null : postgresCpuNow - postgresCpu,
    statements: (await statementsSoFar(url)) - before,
  };
}

async function statementsSoFar(url: string): Promise<number> {
  const sql = postgres(url, { max: 1 });
  const [row] = await sql<{ calls: number }[]>`
    select coalesce(sum(calls), 0)::int as calls from pg_stat_statements where query not ilike '%pg_stat_statements%'`;
  await sql.end();
  return row!.calls;
}

/** Processor time of a PostgreSQL server with all its backends so far, those that have ended included. */
function postgresCpuMs(postmaster: number): number | null {
  if (process.platform !== "linux") return null;
  let ticks = 0;
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = statOf(pid);
    // proc(5), fields after the name: 1 is the parent, 11 to 14 are own and ended children's time in user and system mode.
    const [, parent, ...rest] = stat;
    const [user, system, endedUser, endedSystem] = rest.slice(9, 13).map(Number) as [number, number, number, number];
    if (Number(pid) === postmaster) ticks += user + system + endedUser + endedSystem;
    else if (Number(parent) === postmaster) ticks += user + system;
  }
  return ticks * 10;
}

/** Processor time of one process so far. Null where the system does not say. */
export function cpuMsOf(pid: number): number | null {
  if (process.platform !== "linux") return null;
  const [user, system] = statOf(String(pid)).slice(11, 13).map(Number) as [number, number];
  return (user + system) * 10;
}

function statOf(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** How long a system is looked at that has nothing to do. */
const IDLE_MS = 5_000;

/** What a system costs while it has nothing to do, and the memory that it has then. */
export async function idleCost(server: Server): Promise<{ idle: Cost; idleMiB: number }> {
  const idle = await costOf(server, () => new Promise((resolve) => setTimeout(resolve, IDLE_MS)));
  return { idle, idleMiB: process.memoryUsage.rss() / 2 ** 20 };
}
