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
 * processes of `npm start`. No answer may be a server error, no attempt may fail for a reason of the product, no stream
 * or promise may fail unhandled, PostgreSQL may report no error, and memory may not grow.
 *
 *   node tests/load/everything-at-once.ts --seconds 180 --processes 2
 */
const { values } = parseArgs({
  options: { seconds: { type: "string", default: "180" }, processes: { type: "string", default: "2" } },
});
const [seconds, processes] = [Number(values.seconds), Number(values.processes)];
/** Memory is compared when the warm-up is over, and only by a long campaign. */
const [WARM_UP_SECONDS, MOST_GROWTH] = [60, 1.3];

/** Reasons of the world outside, or of an input that the campaign gives on purpose. */
const OUTSIDE = /expected|no county|countyId|not configured|no (storage|provider|recipient)/;

const checks = new Checks();
const state = await mkdtemp(join(tmpdir(), "rota-everything-"));
// PostgreSQL may run as another user, and keeps its log here when that user can reach it.
await chmod(state, 0o755);
const logFile = join(state, "app.log");
const apps: StackProcess[] = [];
let failed = true;
try {
  console.log(`Everything at once for ${seconds} s on ${processes} processes`);
  apps.push(await StackProcess.start(state, await freePort(), logFile));
  while (apps.length < processes) apps.push(await StackProcess.start(state, await freePort(), logFile, ["--join"]));
  const { key, databaseUrl } = JSON.parse(await readFile(join(state, "app.json"), "utf8")) as Record<string, string>;
  const traffic = new Traffic(
    apps.map(({ url }) => url),
    { key: key!, ms: seconds * 1_000 },
  );
  const memory: number[] = [];
  const began = Date.now();
  await traffic.flow(async () => {
    const mib = (await Promise.all(apps.map((app) => app.residentMiB()))).filter((value) => value !== null);
    if (Date.now() - began > WARM_UP_SECONDS * 1_000 && mib.length > 0) memory.push(Math.max(...mib));
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

/** Runs whose last attempt failed, apart from those that the input or the outside failed. */
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
    const own = runs.filter(({ error }) => !OUTSIDE.test(error));
    for (const { job, error } of own.slice(0, 10)) console.log(`  ${job}: ${error.slice(0, 300)}`);
    checks.equal("attempts that failed for a reason of the product", own.length, 0);
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
  checks.figure("memory after the warm-up, MiB", first);
  checks.figure("memory at the end, MiB", last);
  checks.equal(
    `memory grew by less than ${Math.round((MOST_GROWTH - 1) * 100)} %`,
    String(last < first * MOST_GROWTH),
    "true",
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
