import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { startPostgres } from "../local/postgres/start.ts";
import { applyMigrations } from "../shared/data/migrate.ts";
import { CASES } from "./bulk-tasks/cases.ts";
import { bundled } from "./support/bundle.ts";
import { inOwnProcess, processorMs, type Cost } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * The three jobs of the family tasks over many rows, beside the one bare statement that makes the same change and beside the
 * same work done row by row (a sample of it, since it would take too long). Same PostgreSQL, fsync on; each in a process of
 * its own and bundled as for Azure, the round that took the least processor time.
 *
 *   node bench/bulk-tasks.ts --reminders 100000 --recurring 100000 --tasks 1000000 --rounds 3 [--only <part of a case>]
 *
 * Processor time, here and in PostgreSQL together, is what to go by on a machine that has other work as well.
 */
const { values } = parseArgs({
  options: {
    reminders: { type: "string", default: "100000" },
    recurring: { type: "string", default: "100000" },
    tasks: { type: "string", default: "1000000" },
    sample: { type: "string", default: "2000" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
  },
});
const rowsOf: Record<string, number> = {
  reminders: Number(values.reminders),
  recurring: Number(values.recurring),
  overdue: Number(values.tasks),
  "overdue, told": Number(values.tasks),
};
const WAYS = ["bare", "job", "row-by-row"] as const;

interface Measured extends Cost {
  readonly peakMiB: number;
  /** How many were changed, where that is only a sample. */
  readonly rows?: number;
}

const directory = await mkdtemp(join(tmpdir(), "rota-bench-"));
const bundle = await mkdtemp(join(tmpdir(), "rota-bench-bundle-"));
const server = await startPostgres({
  dataDirectory: directory,
  settings: { max_wal_size: "8GB", shared_buffers: "512MB", shared_preload_libraries: "pg_stat_statements" },
});
const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
try {
  await applyMigrations(server.url, join(import.meta.dirname, "../shared/data/migrations"));
  await sql`create extension pg_stat_statements`;
  const scripts = new Map<string, string>();
  for (const way of WAYS) scripts.set(way, await bundled(join(import.meta.dirname, "bulk-tasks", `${way}.ts`), bundle));
  const lines: Record<string, string | number>[] = [];
  for (const [name, { what, changed }] of Object.entries(CASES)) {
    const rows = rowsOf[name]!;
    if (rows === 0 || !name.includes(values.only)) continue;
    const best = new Map<string, Measured & { readonly rows: number }>();
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const way of WAYS) {
        if (way === "row-by-row" && round > 0) continue;
        await seed(name, rows);
        const args = [server.url, String(server.pid), name, values.sample];
        const measured = { rows: changed(rows), ...(await inOwnProcess<Measured>(scripts.get(way)!, args)) };
        const before = best.get(way);
        if (!before || processorMs(measured) < processorMs(before)) best.set(way, measured);
      }
    }
    const bare = best.get("bare")!;
    for (const [way, measured] of best) {
      const { ms, statements, peakMiB, rows: done } = measured;
      const times = (of: (cost: Cost) => number) => `${(of(measured) / done / (of(bare) / bare.rows)).toFixed(2)} ×`;
      lines.push({
        case: way === "bare" ? `${thousands(rows)} ${what}` : "",
        way: way === "row-by-row" ? "row by row (a sample)" : way,
        changed: thousands(done),
        seconds: (ms / 1_000).toFixed(2),
        "CPU s": (processorMs(measured) / 1_000).toFixed(2),
        "rows/s": thousands(done / (ms / 1_000)),
        statements: thousands(statements),
        "peak MiB": thousands(peakMiB),
        "÷ bare": times((cost) => cost.ms),
        "by CPU": times(processorMs),
      });
    }
  }
  console.log(
    `\nBest of ${values.rounds}, Node ${process.version}; aim for the jobs: within 1.5 × the bare statement\n`,
  );
  console.log(table(lines));
} finally {
  await sql.end();
  await server.stop();
  for (const made of [directory, bundle]) await rm(made, { recursive: true, force: true });
}

async function seed(name: string, rows: number): Promise<void> {
  await sql`truncate tasks.tasks, tasks.reminders, platform.job_runs, platform.notifications, platform.notification_deliveries`;
  for (const statement of CASES[name]!.seed(rows)) await sql.unsafe(statement);
  for (const name of ["tasks.tasks", "tasks.reminders"]) await sql.unsafe(`vacuum analyze ${name}`);
  await sql`checkpoint`;
}
