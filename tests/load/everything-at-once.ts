import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { freePort } from "#local/ports.ts";
import { discardPostgres } from "#local/postgres/start-postgres.ts";
import { Checks } from "./environment/checks.ts";
import { StackProcess } from "./everything/stack.ts";
import { Traffic } from "./everything/traffic.ts";

/**
 * All jobs again and again, all GET routes, an ingestion without pause and writes, at the same time, on one or two
 * processes of `npm start`. No answer may be a server error, no attempt may fail, no stream or promise may fail
 * unhandled, PostgreSQL may report no error, and memory may not grow.
 *
 *   npx node tests/load/everything-at-once.ts --minutes 3 --processes 2
 */
const { values } = parseArgs({
  options: { minutes: { type: "string", default: "3" }, processes: { type: "string", default: "2" } },
});
const [minutes, processes] = [Number(values.minutes), Number(values.processes)];
/** The heap is compared when the warm-up is over, and only by a long campaign. */
const [WARM_UP_SECONDS, MOST_GROWTH] = [60, 1.3];

const checks = new Checks();
const state = await mkdtemp(join(tmpdir(), "rota-everything-"));
// PostgreSQL may run as another user, and keeps its log here when that user can reach it.
await chmod(state, 0o755);
const logFile = join(state, "app.log");
const apps: StackProcess[] = [];
let failed = true;
try {
  console.log(`Everything at once for ${minutes} min on ${processes} processes`);
  apps.push(await StackProcess.start(state, await freePort(), logFile));
  while (apps.length < processes) apps.push(await StackProcess.start(state, await freePort(), logFile, ["--join"]));
  const { key, databaseUrl } = JSON.parse(await readFile(join(state, "app.json"), "utf8")) as Record<string, string>;
  const traffic = new Traffic(
    apps.map(({ url }) => url),
    { key: key!, ms: minutes * 60_000 },
  );
  const memory: number[] = [];
  const began = Date.now();
  await traffic.flow(async () => {
    if (Date.now() - began < WARM_UP_SECONDS * 1_000) return;
    const mib = await Promise.all(apps.map((app) => app.heapMiB()));
    memory.push(Math.max(...mib.map((value) => value ?? 0)));
  });
  checks.figure("requests", traffic.requests);
  checks.figure("runs asked for", traffic.runs);
  checks.equal("answers of 500 and more, or none", traffic.faults.length, 0);
  for (const { request, answer } of traffic.faults.slice(0, 10)) console.log(`  ${request}: ${answer}`);
  checks.equal("processes that ended", apps.filter(({ hasEnded }) => hasEnded).length, 0);
  await checkRuns(databaseUrl!);
  checkMemory(memory);
  await checkLogs();
  failed = checks.failed.length > 0;
} finally {
  await Promise.all(apps.map((app) => app.stop()));
  await discardPostgres(join(state, "postgres")).catch(() => undefined);
  if (!failed) await rm(state, { recursive: true, force: true });
}
console.log(checks.lines.join("\n"));
console.log(failed ? `${checks.failed.length} checks failed; logs and data are in ${state}` : "All checks passed.");
process.exitCode = failed ? 1 : 0;

/** No attempt may fail: the providers are fakes without faults, and all inputs are valid. */
async function checkRuns(databaseUrl: string): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  try {
    const open = async () => {
      const [row] = await sql`select count(*)::int as n from platform.job_runs where state = 'running'`;
      return row?.n as number;
    };
    for (const end = Date.now() + 60_000; (await open()) > 0 && Date.now() < end;) await sleep(200);
    checks.equal("runs that never ended", await open(), 0);
    const runs = await sql<{ job: string; error: string }[]>`
      select job_id as job, error::text as error from platform.job_runs, jsonb_array_elements(errors) as error`;
    for (const { job, error } of runs.slice(0, 10)) console.log(`  ${job}: ${error.slice(0, 300)}`);
    checks.equal("attempts that failed", runs.length, 0);
    const [{ done } = {}] = await sql`select count(*)::int as done from platform.job_runs where state = 'succeeded'`;
    checks.figure("runs that succeeded", done as number);
  } finally {
    await sql.end();
  }
}

async function checkLogs(): Promise<void> {
  const server = await readFile(join(state, "postgres/postgres.log"), "utf8");
  const errors = server.split("\n").filter((line) => /(ERROR|FATAL|PANIC):/.test(line));
  for (const line of errors.slice(0, 10)) console.log(`  ${line}`);
  checks.equal("errors in PostgreSQL's log", errors.length, 0);
  const unhandled = (await readFile(logFile, "utf8")).split("\n").filter((line) => /unhandled|uncaught/i.test(line));
  for (const line of unhandled.slice(0, 5)) console.log(`  ${line.slice(0, 300)}`);
  checks.equal("unhandled errors in the app's log", unhandled.length, 0);
}

function checkMemory(memory: readonly number[]): void {
  if (memory.length < 30) return;
  const third = Math.floor(memory.length / 3);
  const [first, last] = [median(memory.slice(0, third)), median(memory.slice(-third))];
  checks.figure("heap after the warm-up, MiB", first);
  checks.figure("heap at the end, MiB", last);
  checks.equal(
    `heap grew by less than ${Math.round((MOST_GROWTH - 1) * 100)} %`,
    String(last < first * MOST_GROWTH),
    "true",
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
