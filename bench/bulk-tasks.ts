import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { startPostgres } from "../local/postgres/start.ts";
import { applyMigrations } from "../shared/data/migrate.ts";
import { CASES } from "./bulk-tasks/cases.ts";
import { inOwnProcess } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * The three jobs of the family tasks over many rows, beside the one bare statement that makes the same change and beside the
 * same work done row by row (a sample of it, since it would take too long). Same PostgreSQL, fsync on; each in a process of
 * its own, the best of some rounds.
 *
 *   node bench/bulk-tasks.ts --reminders 100000 --recurring 100000 --tasks 1000000 --rounds 3
 */
const { values } = parseArgs({
  options: {
    reminders: { type: "string", default: "100000" },
    recurring: { type: "string", default: "100000" },
    tasks: { type: "string", default: "1000000" },
    sample: { type: "string", default: "2000" },
    rounds: { type: "string", default: "3" },
  },
});
const rowsOf: Record<string, number> = {
  reminders: Number(values.reminders),
  recurring: Number(values.recurring),
  overdue: Number(values.tasks),
  "overdue, told": Number(values.tasks),
};
const WAYS = ["bare", "job", "row-by-row"] as const;

interface Measured {
  readonly ms: number;
  readonly statements: number;
  readonly peakMiB: number;
  /** How many were changed, where that is only a sample. */
  readonly rows?: number;
}

const directory = await mkdtemp(join(tmpdir(), "rota-bench-"));
const server = await startPostgres({
  dataDirectory: directory,
  settings: { max_wal_size: "8GB", shared_buffers: "512MB" },
});
const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
try {
  await applyMigrations(server.url, join(import.meta.dirname, "../shared/data/migrations"));
  const lines: Record<string, string | number>[] = [];
  for (const [name, { what, changed }] of Object.entries(CASES)) {
    const rows = rowsOf[name]!;
    if (rows === 0) continue;
    const best = new Map<string, Measured>();
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const way of WAYS) {
        await seed(name, rows);
        const script = join(import.meta.dirname, "bulk-tasks", `${way}.ts`);
        const measured = await inOwnProcess<Measured>(script, [server.url, name, values.sample]);
        if (measured.ms / (measured.rows ?? 1) < (best.get(way)?.ms ?? Infinity) / (best.get(way)?.rows ?? 1)) {
          best.set(way, measured);
        }
      }
    }
    for (const way of WAYS) {
      const { ms, statements, peakMiB, rows: sampled = changed(rows) } = best.get(way)!;
      const perRow = ms / sampled;
      const bare = best.get("bare")!.ms / changed(rows);
      lines.push({
        case: way === "bare" ? `${thousands(rows)} ${what}` : "",
        way,
        changed: thousands(sampled),
        seconds: (ms / 1_000).toFixed(2),
        "rows/s": thousands(1_000 / perRow),
        statements: thousands(statements),
        "peak MiB": thousands(peakMiB),
        "÷ bare": `${(perRow / bare).toFixed(2)} ×`,
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
  await rm(directory, { recursive: true, force: true });
}

async function seed(name: string, rows: number): Promise<void> {
  await sql`truncate tasks.tasks, tasks.reminders, platform.job_runs, platform.notifications, platform.notification_deliveries`;
  for (const statement of CASES[name]!.seed(rows)) await sql.unsafe(statement);
  for (const name of ["tasks.tasks", "tasks.reminders"]) await sql.unsafe(`vacuum analyze ${name}`);
  await sql`checkpoint`;
}
