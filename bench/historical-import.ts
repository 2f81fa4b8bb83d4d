import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ecbHistoryCsv } from "#local/providers/ecb-format.ts";
import { startFakeEcb } from "#local/providers/fake-ecb.ts";
import { SAMPLE_CURRENCIES, sampleDays } from "#local/providers/sample-rates.ts";
import { benchDatabase } from "./support/database.ts";
import { inOwnProcess } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * The complete ECB history through `sync_fx_historical` (download, unzip, parse, check, ledger, transactions), compared
 * with COPY of the same points from memory into a staging table and one merge. Same PostgreSQL, same run, fsync on;
 * each way has its own process, the best of three rounds.
 */
interface Measured {
  readonly points: number;
  readonly ms: number;
  readonly peakMiB: number;
}

const real = join(import.meta.dirname, "../../shared/data/fx/eurofxref-hist-1999-2026-04-13.csv");
await using database = await benchDatabase();
const { url, sql, directory } = database;
const history = existsSync(real) ? real : await sampleHistory();
const server = await startFakeEcb({ history, asOf: () => new Date("2026-04-13T20:00:00Z") });
try {
  const ways = ["job", "copy-merge"] as const;
  const rounds: Record<string, Measured[]> = {};
  for (let round = 0; round < 3; round++) {
    for (const way of ways) {
      await empty();
      (rounds[way] ??= []).push(await measure(way));
      (rounds[`${way} again`] ??= []).push(await measure(way));
    }
  }
  const best = Object.entries(rounds).map(([way, all]) => ({ way, ...all.toSorted((a, b) => a.ms - b.ms)[0]! }));
  const ms = (way: string) => best.find((row) => row.way === way)!.ms;
  console.log(
    `\n${existsSync(real) ? "The ECB's published history" : "Sample history (the real one is missing)"}, best of 3\n`,
  );
  console.log(
    table(
      best.map(({ way, points, ms, peakMiB }) => ({
        way,
        points: thousands(points),
        seconds: (ms / 1_000).toFixed(2),
        "points/s": thousands(points / (ms / 1_000)),
        "peak MiB": thousands(peakMiB),
      })),
    ),
  );
  console.log(`\njob ÷ bare COPY + merge: ${(ms("job") / ms("copy-merge")).toFixed(2)}×  (aim: within 2×)`);
  console.log(`second run, no changes: ${(ms("job again") / ms("copy-merge again")).toFixed(2)}×`);
} finally {
  await server.close();
}

async function measure(way: string): Promise<Measured> {
  return inOwnProcess<Measured>(join(import.meta.dirname, "historical-import", `${way}.ts`), [
    url,
    history,
    server.baseUrl,
  ]);
}

async function empty(): Promise<void> {
  await sql`truncate portfolio.exchange_rates, portfolio.exchange_rate_updates, platform.job_runs`;
  await sql`checkpoint`;
}

async function sampleHistory(): Promise<string> {
  const file = join(directory, "sample.csv");
  await writeFile(file, ecbHistoryCsv(SAMPLE_CURRENCIES, sampleDays("2026-04-13").toReversed()));
  return file;
}
