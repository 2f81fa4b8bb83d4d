import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Case, CASES } from "./bulk-tasks/cases.ts";
import { bundled } from "./support/bundle.ts";
import { benchDatabase } from "./support/database.ts";
import { type Cost, inOwnProcess, processorMs } from "./support/process-cost.ts";
import { seededDatabases } from "./support/seeded-databases.ts";
import { table, thousands } from "./support/table.ts";

/**
 * The three jobs of the family tasks over many rows, compared with one bare statement with the same effect and with the
 * same work row by row (a sample, because all rows would take too long). Same PostgreSQL, fsync on; each is bundled as
 * for Azure and has its own process; the round with the least processor time. The job also runs over a tenth of the
 * rows, and both again with a garbage collection after each page: the needed memory is flat when it is the same for a
 * tenth.
 *
 *   npx node bench/bulk-tasks.ts --reminders 100000 --recurring 100000 --tasks 1000000 \
 *     --sample 3000 --rounds 2 [--only <part of a case>]
 *
 * On a busy machine compare the processor times of this process and PostgreSQL together.
 */
const { values } = parseArgs({
  options: {
    reminders: { type: "string", default: "100000" },
    recurring: { type: "string", default: "100000" },
    tasks: { type: "string", default: "1000000" },
    sample: { type: "string", default: "3000" },
    rounds: { type: "string", default: "2" },
    only: { type: "string", default: "" },
  },
});
const rowsOf: Record<string, number> = {
  reminders: Number(values.reminders),
  recurring: Number(values.recurring),
  overdue: Number(values.tasks),
  "overdue, notified": Number(values.tasks),
};
const rounds = Number(values.rounds);

interface Measured extends Cost {
  readonly peakMiB: number;
  /** The number of changed rows. */
  readonly rows: number;
}

await using database = await benchDatabase({
  max_wal_size: "8GB",
  shared_buffers: "512MB",
  // The clean-up after one way must not slow down the next.
  autovacuum: "off",
  checkpoint_timeout: "1h",
});
await using databases = seededDatabases(database.url);
const scripts = {
  bare: await scriptOf("bare"),
  job: await scriptOf("job"),
  "row by row": await scriptOf("row-by-row"),
};
const results: Result[] = [];
for (const [name, given] of Object.entries(CASES)) {
  const rows = rowsOf[name]!;
  if (rows > 0 && name.includes(values.only)) results.push(await measureCase(name, given, rows));
}
console.log(`\nBest of ${rounds}, Node ${process.version}; aim for the jobs: within 1.5 × the bare statement\n`);
console.log(table(results.flatMap(({ lines }) => lines)));
console.log("\nMost memory that the job's process had, in MiB: as Node lets it grow, and collected after each page\n");
console.log(table(results.map(({ memory }) => memory)));

interface Result {
  readonly lines: readonly Record<string, string>[];
  readonly memory: Record<string, string>;
}

async function measureCase(name: string, given: Case, rows: number): Promise<Result> {
  const measured: Record<"bare" | "job", Measured[]> = { bare: [], job: [] };
  for (let round = 1; round <= rounds; round++) {
    for (const way of ["bare", "job"] as const) measured[way].push(await measure(way, rows, `round ${round}`));
  }
  const rowByRow = await measure("row by row", rows, "a sample");
  const [bare, job] = [cheapest(measured.bare), cheapest(measured.job)];
  const title = `${thousands(rows)} ${given.what}`;
  const tenth = Math.ceil(rows / 10);
  return {
    lines: [
      lineOf(title, "bare statement", bare),
      lineOf("", "job", job),
      lineOf("", "row by row (a sample)", rowByRow),
    ],
    memory: {
      case: title,
      "a tenth": thousands((await measure("job", tenth, "a tenth")).peakMiB),
      all: thousands(job.peakMiB),
      "a tenth, collected": thousands((await measure("job", tenth, "a tenth, collected", ["--expose-gc"])).peakMiB),
      "all, collected": thousands((await measure("job", rows, "collected", ["--expose-gc"])).peakMiB),
    },
  };

  async function measure(way: keyof typeof scripts, of: number, note: string, flags: string[] = []): Promise<Measured> {
    const url = await databases.fresh(given.seed(of));
    const args = [url, String(database.pid), name, values.sample];
    const cost = await inOwnProcess<Omit<Measured, "rows"> & Partial<Measured>>(scripts[way], args, flags);
    console.error(`${process.uptime().toFixed(0).padStart(4)} s  ${name}: ${way}, ${note}: ${seconds(cost.ms)} s`);
    return { ...cost, rows: cost.rows ?? given.changed(of) };
  }

  function lineOf(what: string, way: string, cost: Measured): Record<string, string> {
    const times = (of: (cost: Cost) => number) => `${(of(cost) / cost.rows / (of(bare) / bare.rows)).toFixed(2)} ×`;
    return {
      case: what,
      way,
      changed: thousands(cost.rows),
      seconds: seconds(cost.ms),
      "CPU s": seconds(processorMs(cost)),
      "rows/s": thousands(cost.rows / (cost.ms / 1_000)),
      statements: thousands(cost.statements),
      "÷ bare": times(({ ms }) => ms),
      "by CPU": times(processorMs),
      "peak MiB": thousands(cost.peakMiB),
    };
  }
}

function scriptOf(way: string): Promise<string> {
  return bundled(join(import.meta.dirname, "bulk-tasks", `${way}.ts`), join(database.directory, "bundle"));
}

function cheapest(measured: readonly Measured[]): Measured {
  return measured.toSorted((a, b) => processorMs(a) - processorMs(b))[0]!;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(2);
}
