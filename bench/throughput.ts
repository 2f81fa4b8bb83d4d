import { rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { builtApp } from "../scripts/built-app.ts";
import { bundled } from "./support/bundle.ts";
import { benchDatabase } from "./support/database.ts";
import { type Cost, inOwnProcess } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * Enqueue and drain of many jobs that each do one real, autocommitted write, on one PostgreSQL with fsync on, each
 * system in a process of its own at the settings that its documentation recommends. Rota is bundled as for Azure. Its
 * runs are handed to it by the batch, as the host does; the last row has the whole way: the built app on the local
 * Functions host, its messages by the Service Bus emulator, in batches as bench/throughput/app/host.json has them:
 * one is worked on while the next comes in.
 *
 *     npx node bench/throughput.ts [--jobs 10000] [--rounds 3] [--commit-delay] [--only <part of a name>]
 *
 * The peers' write and the end of their job are two commits; "finish each" makes them one, and "fenced transaction
 * each" undoes the write of a process that no longer holds the run. Only the other rows promise the same as the peers.
 *
 * `--commit-delay` adds 2 ms to each commit, as a database in the cloud has. Processor time is what to go by on a
 * machine that has other work as well. Statements are those that PostgreSQL ran in the drain. The bare rows are the
 * limits: the write alone, and the write with a locking read in a transaction, with nothing around them.
 */
export interface Throughput {
  readonly enqueueMs: number;
  readonly drain: Cost;
  /** Enqueue → start on an idle system. */
  readonly latencyMs: readonly number[];
  /** Seconds in which nothing is to do. */
  readonly idle: Cost;
  readonly idleMiB: number;
  readonly peakMiB: number;
  /** Of the Service Bus emulator, in the drain. Null where the system does not say. */
  readonly brokerCpuMs?: number | null;
}

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "10000" },
    rounds: { type: "string", default: "3" },
    "commit-delay": { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});
const [jobs, rounds, delay] = [Number(values.jobs), Number(values.rounds), values["commit-delay"]];

await using database = await benchDatabase(delay ? { commit_delay: "2000", commit_siblings: "0" } : {});
const { sql, directory } = database;
const app = await builtApp("bench/throughput/app");
try {
  const scripts = join(import.meta.dirname, "throughput");
  const rota = await bundled(join(scripts, "rota.ts"), join(directory, "bundle"));
  const systems: Record<string, readonly [script: string, ...args: string[]]> = {
    "bare writes": [join(scripts, "bare.ts"), "writes"],
    "bare transactions": [join(scripts, "bare.ts"), "transactions"],
    "pg-boss 12": [join(scripts, "pg-boss.ts")],
    "graphile-worker 0.18": [join(scripts, "graphile-worker.ts")],
    "Rota, a write each": [rota, "plain"],
    "Rota, fenced transaction each": [rota, "fenced"],
    "Rota, finish each": [rota, "finish"],
    "Rota, one statement a batch": [rota, "batch"],
    "Rota, through broker and host": [join(scripts, "rota-brokered.ts"), app],
  };
  const results: Record<string, Throughput[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, [script, ...args]] of Object.entries(systems)) {
      if (name.includes(values.only)) (results[name] ??= []).push(await measure(name, script, args));
    }
  }
  report(results);
} finally {
  await rm(app, { recursive: true, force: true });
}

async function measure(name: string, script: string, args: readonly string[]): Promise<Throughput> {
  await sql`drop schema if exists bench cascade`;
  await sql`create schema bench`;
  await sql`create table bench.effects (id integer primary key, done integer not null default 0)`;
  await sql`insert into bench.effects select generate_series(1, ${jobs})`;
  await sql`truncate platform.job_runs`;
  const { url, pid } = database;
  const result = await inOwnProcess<Throughput>(script, [url, String(pid), String(jobs), ...args]);
  const [row] = await sql<{ once: number }[]>`
    select count(*) filter (where done = 1)::int as once from bench.effects`;
  if (row!.once !== jobs) throw new Error(`${name} did ${row!.once} of ${jobs} jobs exactly once`);
  return result;
}

function report(results: Readonly<Record<string, readonly Throughput[]>>): void {
  const best = new Map(
    Object.entries(results).map(([system, all]) => [system, all.toSorted((a, b) => a.drain.ms - b.drain.ms)[0]!]),
  );
  const perJob = (ms: number | null) => (ms === null ? "–" : String(Math.round((ms / jobs) * 1_000)));
  const rows = [...best].map(([system, { enqueueMs, drain, idle, idleMiB, peakMiB }]) => {
    const latency = results[system]!.flatMap(({ latencyMs }) => latencyMs).toSorted((a, b) => a - b);
    return {
      system,
      "enqueue/s": enqueueMs ? thousands(jobs / (enqueueMs / 1_000)) : "–",
      "drain/s": thousands(jobs / (drain.ms / 1_000)),
      "µs a job": perJob(drain.ms),
      "CPU µs": perJob(drain.cpuMs),
      "PG CPU µs": perJob(drain.postgresCpuMs),
      "stmts a job": (drain.statements / jobs).toFixed(2),
      "start p50 ms": latency[Math.floor(latency.length * 0.5)]?.toFixed(1) ?? "–",
      "p99 ms": latency[Math.floor(latency.length * 0.99)]?.toFixed(1) ?? "–",
      "idle CPU %": idle.ms ? ((idle.cpuMs / idle.ms) * 100).toFixed(2) : "–",
      "PG idle %": idle.ms && idle.postgresCpuMs !== null ? ((idle.postgresCpuMs / idle.ms) * 100).toFixed(2) : "–",
      "idle MiB": thousands(idleMiB),
      "peak MiB": thousands(peakMiB),
    };
  });
  const title = `${thousands(jobs)} jobs, one write each${delay ? ", 2 ms a commit" : ""}`;
  console.log(`\n${title}; best of ${rounds}, Node ${process.version}\n\n${table(rows)}\n`);

  const peers = ["pg-boss 12", "graphile-worker 0.18"].flatMap((name) => best.get(name) ?? []);
  const peer = Math.min(...peers.map(({ drain }) => drain.ms));
  const peerCpu = Math.min(...peers.map(({ drain }) => drain.cpuMs + (drain.postgresCpuMs ?? 0)));
  const bare = best.get("bare writes");
  const aims = {
    "Rota, a write each": "1.1",
    "Rota, fenced transaction each": "0.8",
    "Rota, finish each": "0.8",
    "Rota, one statement a batch": "2.5",
    "Rota, through broker and host": "1.0",
  };
  for (const [name, aim] of Object.entries(aims)) {
    const own = best.get(name);
    if (!own || peers.length === 0) continue;
    const cpu = own.drain.cpuMs + (own.drain.postgresCpuMs ?? 0);
    const byTime = `${(peer / own.drain.ms).toFixed(2)}× by the clock, ${(peerCpu / cpu).toFixed(2)}× by processor time`;
    console.log(`${name} ÷ better peer: ${byTime}${aim ? `  (aim: at least ${aim}×)` : ""}`);
  }
  const limit = best.get("bare transactions");
  for (const name of ["Rota, fenced transaction each", "Rota, finish each"]) {
    const own = best.get(name);
    if (limit && own)
      console.log(`${name} ÷ bare transactions: ${(limit.drain.ms / own.drain.ms).toFixed(2)}× by the clock`);
  }
  if (limit && peers.length > 0) {
    console.log(
      `Bare transactions ÷ better peer: ${(peer / limit.drain.ms).toFixed(2)}× by the clock; the peers open none`,
    );
  }
  const { drain, brokerCpuMs } = best.get("Rota, through broker and host") ?? {};
  if (drain && brokerCpuMs !== undefined) {
    console.log(`The Service Bus emulator took ${perJob(brokerCpuMs)} µs CPU a job besides, in a process of its own`);
  }
  const plain = best.get("Rota, a write each");
  if (!bare || !plain) return;
  const layer = (of: (cost: Cost) => number | null) =>
    thousands((((of(plain.drain) ?? 0) - (of(bare.drain) ?? 0)) / jobs) * 1_000);
  console.log(
    `The layer itself, a run: ${(plain.drain.statements / jobs - 1).toFixed(3)} statements, ${layer(({ ms }) => ms)} µs by the clock, ` +
      `${layer(({ cpuMs }) => cpuMs)} µs CPU here and ${layer(({ postgresCpuMs }) => postgresCpuMs)} µs in PostgreSQL`,
  );
}
