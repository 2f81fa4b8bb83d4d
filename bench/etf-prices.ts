import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { startPostgres } from "../local/postgres/start.ts";
import { applyMigrations } from "../shared/data/migrate.ts";
import { bundled } from "./support/bundle.ts";
import { inOwnProcess } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * Prices of many ETFs through the way in which `sync_etf_prices` stores them (a fenced transaction an ETF: lock, scale, state, points,
 * tracking), beside the one bare INSERT an ETF that the points need, and beside an INSERT a row. Same PostgreSQL, same run, fsync
 * on; each way bundled as for Azure in a process of its own, the better of the rounds. `--etfs 2000 --days 250 --rounds 3`
 */
interface Measured {
  readonly etfs: number;
  readonly ms: number;
  readonly statements: number;
  readonly peakMiB: number;
}

const { values } = parseArgs({
  options: {
    etfs: { type: "string", default: "2000" },
    days: { type: "string", default: "250" },
    rounds: { type: "string", default: "3" },
  },
});
const [etfs, days, rounds] = [Number(values.etfs), Number(values.days), Number(values.rounds)];
/** A row at a time takes too long for all of them, and its speed does not depend on how many there are. */
const ETFS_BY_ROW = Math.max(1, Math.floor(etfs / 20));

const root = join(import.meta.dirname, "..");
const directory = await mkdtemp(join(tmpdir(), "rota-bench-"));
const server = await startPostgres({ dataDirectory: join(directory, "postgres") });
try {
  await applyMigrations(server.url, join(root, "shared/data/migrations"));
  const ways = {
    job: { script: "job.ts", args: [] },
    "a tenth of the job": { script: "job.ts", args: [] },
    "one INSERT an ETF": { script: "bare.ts", args: ["statement", String(etfs)] },
    "one INSERT a row": { script: "bare.ts", args: ["rows", String(ETFS_BY_ROW)] },
  };
  const measured: Record<string, Measured[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [way, { script, args }] of Object.entries(ways)) {
      await empty(way.startsWith("a tenth") ? Math.max(1, Math.floor(etfs / 10)) : etfs);
      const path = await bundled(join(import.meta.dirname, "etf-prices", script), join(directory, "bundle"));
      (measured[way] ??= []).push(await inOwnProcess<Measured>(path, [server.url, String(days), ...args]));
    }
  }
  const best = Object.entries(measured).map(([way, all]) => ({ way, ...all.toSorted((a, b) => a.ms - b.ms)[0]! }));
  const rate = ({ etfs: done, ms }: Measured) => (done * days) / (ms / 1_000);
  console.log(`\n${thousands(etfs)} ETFs × ${days} days, best of ${rounds}\n`);
  console.log(
    table(
      best.map((row) => ({
        way: row.way,
        rows: thousands(row.etfs * days),
        seconds: (row.ms / 1_000).toFixed(2),
        "rows/s": thousands(rate(row)),
        statements: thousands(row.statements),
        "peak MiB": thousands(row.peakMiB),
      })),
    ),
  );
  const rateOf = (way: keyof typeof ways) => rate(best.find((row) => row.way === way)!);
  console.log(`\njob ÷ bare INSERT: ${(rateOf("one INSERT an ETF") / rateOf("job")).toFixed(2)}×  (aim: within 1.5×)`);
} finally {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}

async function empty(count: number): Promise<void> {
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  await sql`truncate portfolio.etfs, portfolio.etf_prices, portfolio.etf_updates, platform.job_runs cascade`;
  await sql`
    insert into portfolio.etfs (symbol, in_use, added_at)
    select 'E' || n || '.DE', true, now() from generate_series(1, ${count}) n`;
  await sql`checkpoint`;
  await sql.end();
}
