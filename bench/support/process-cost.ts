import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import postgres from "postgres";

/**
 * Runs a script in its own Node process, so that its memory is measured alone, and parses its last line as JSON.
 * @param flags of Node
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

/** The peak memory of this process, in MiB. */
export function peakMiB(): number {
  return process.resourceUsage().maxRSS / 1024;
}

/** The cost of work: elapsed time, and processor time of this process and of PostgreSQL. */
export interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
  /** Null on other systems than Linux (it is read from /proc). */
  readonly postgresCpuMs: number | null;
  /** The number of statements that PostgreSQL executed. */
  readonly statements: number;
}

/** Processor time of both together; elapsed time on other systems than Linux. */
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

/** Processor time of a PostgreSQL server with all its backends, including ended ones. */
function postgresCpuMs(postmaster: number): number | null {
  if (process.platform !== "linux") return null;
  let ticks = 0;
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = statOf(pid);
    // proc(5), fields after the name: 1 is the parent, 11 to 14 are own and ended children's time in user and system
    // mode.
    const [, parent, ...rest] = stat;
    const [user, system, endedUser, endedSystem] = rest.slice(9, 13).map(Number) as [number, number, number, number];
    if (Number(pid) === postmaster) ticks += user + system + endedUser + endedSystem;
    else if (Number(parent) === postmaster) ticks += user + system;
  }
  return ticks * 10;
}

/** Processor time of one process. Null on other systems than Linux. */
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

/** How long an idle system is measured. */
const IDLE_MS = 5_000;

/** The cost and the memory of an idle system. */
export async function idleCost(server: Server): Promise<{ idle: Cost; idleMiB: number }> {
  const idle = await costOf(server, () => new Promise((resolve) => setTimeout(resolve, IDLE_MS)));
  return { idle, idleMiB: process.memoryUsage.rss() / 2 ** 20 };
}
