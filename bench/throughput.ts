import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { startPostgres } from "../local/postgres/start.ts";
import { applyMigrations } from "../shared/data/migrate.ts";
import { inOwnProcess } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * Enqueue and drain of many jobs that each do one real, autocommitted write, on one PostgreSQL with fsync on, each system in
 * a process of its own at the settings that its documentation recommends. Latency is enqueue → start on an idle system.
 * `--commit-delay` adds 2 ms to each commit, as a database in the cloud has.
 */
export interface Throughput {
  readonly enqueueMs: number;
  readonly drainMs: number;
  readonly latencyMs: readonly number[];
  readonly peakMiB: number;
}

const JOBS = Number(process.env.BENCH_JOBS ?? 10_000);
const systems = {
  "pg-boss 12": ["pg-boss.ts"],
  "graphile-worker 0.18": ["graphile-worker.ts"],
  "Rota, a write each": ["rota.ts", "plain"],
  "Rota, fenced transaction each": ["rota.ts", "fenced"],
  "Rota, one statement a batch": ["rota.ts", "batch"],
} as const;

const directory = await mkdtemp(join(tmpdir(), "rota-bench-"));
const delay = process.argv.includes("--commit-delay");
const settings: Record<string, string> = delay ? { commit_delay: "2000", commit_siblings: "0" } : {};
const server = await startPostgres({ dataDirectory: directory, settings });
try {
  await applyMigrations(server.url, join(import.meta.dirname, "../shared/data/migrations"));
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  const results: Record<string, Throughput[]> = {};
  for (let round = 0; round < 3; round++) {
    for (const [name, [script, ...args]] of Object.entries(systems)) {
      await sql`drop schema if exists bench cascade`;
      await sql`create schema bench`;
      await sql`create table bench.effects (id integer primary key, done integer not null default 0)`;
      await sql`insert into bench.effects select generate_series(1, ${JOBS})`;
      await sql`truncate platform.job_runs`;
      const result = await inOwnProcess<Throughput>(join(import.meta.dirname, "throughput", script), [
        server.url,
        String(JOBS),
        ...args,
      ]);
      const [row] = await sql<
        { once: number }[]
      >`select count(*) filter (where done = 1)::int as once from bench.effects`;
      if (row!.once !== JOBS) throw new Error(`${name} did ${row!.once} of ${JOBS} jobs exactly once`);
      (results[name] ??= []).push(result);
    }
  }
  await sql.end();
  const rows = Object.entries(results).map(([system, rounds]) => {
    const best = rounds.toSorted((a, b) => a.drainMs - b.drainMs)[0]!;
    const latency = rounds.flatMap(({ latencyMs }) => latencyMs).toSorted((a, b) => a - b);
    return {
      system,
      best,
      p50: latency[Math.floor(latency.length * 0.5)],
      p99: latency[Math.floor(latency.length * 0.99)],
    };
  });
  console.log(
    `\n${thousands(JOBS)} jobs, one write each${delay ? ", 2 ms a commit" : ""}; best of 3, PostgreSQL ${process.version}\n`.replace(
      `PostgreSQL ${process.version}`,
      `Node ${process.version}`,
    ),
  );
  console.log(
    table(
      rows.map(({ system, best, p50, p99 }) => ({
        system,
        "enqueue/s": thousands(JOBS / (best.enqueueMs / 1_000)),
        "drain/s": thousands(JOBS / (best.drainMs / 1_000)),
        "start p50 ms": p50?.toFixed(1) ?? "–",
        "start p99 ms": p99?.toFixed(1) ?? "–",
        "peak MiB": thousands(best.peakMiB),
      })),
    ),
  );
  const drain = (name: string) => rows.find(({ system }) => system === name)!.best.drainMs;
  const peer = Math.min(drain("pg-boss 12"), drain("graphile-worker 0.18"));
  console.log(
    `\nRota, a write each ÷ better peer: ${(peer / drain("Rota, a write each")).toFixed(2)}×  (aim: at least 1.0×)`,
  );
  console.log(
    `Rota, one statement a batch ÷ better peer: ${(peer / drain("Rota, one statement a batch")).toFixed(2)}×  (aim: at least 1.3×)`,
  );
} finally {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
