import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { sampleCharts } from "./etf-prices/sample-charts.ts";
import { benchDatabase } from "./support/database.ts";
import { type Cost, processorMs } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * The prices of many ETFs through `sync_etf_prices`: one HTTP request per ETF to a fake Yahoo server, exact JSON
 * numbers, all checks, ledger, leases, transactions of several ETFs. It is compared with the lower bound, COPY and one
 * merge of the same rows from memory, and with an INSERT per row (a sample, because it would take minutes). The
 * requests and the parsing of the answers, which the lower bound does not have, are also measured alone. Same
 * PostgreSQL, same run, fsync on; each way is bundled as for Azure and has its own process; the figures are from the
 * fastest round. Twice and a tenth of the ETFs show that memory is flat. The fake Yahoo server runs in this process and
 * is not counted.
 *
 *   npx node bench/etf-prices.ts --etfs 2000 --days 250 --rounds 2
 */
interface Measured extends Cost {
  readonly etfs: number;
  readonly peakMiB: number;
}

const { values } = parseArgs({
  options: {
    etfs: { type: "string", default: "2000" },
    days: { type: "string", default: "250" },
    rounds: { type: "string", default: "2" },
  },
});
const [etfs, days, rounds] = [Number(values.etfs), Number(values.days), Number(values.rounds)];
const tenth = Math.max(1, Math.round(etfs / 10));
const sample = Math.max(1, Math.round(etfs / 100));
const WAYS = [
  { way: "COPY and merge", script: "bare.ts", etfs, rounds },
  { way: "job", script: "job.ts", etfs, rounds },
  { way: "answers alone", script: "answers.ts", etfs, rounds: 1 },
  { way: "job, a tenth", script: "job.ts", etfs: tenth, rounds: 1 },
  { way: "job, twice", script: "job.ts", etfs: 2 * etfs, rounds: 1 },
  { way: "row by row (a sample)", script: "row-by-row.ts", etfs: sample, rounds: 1 },
] as const;

const clock = ({ ms }: Cost) => ms;

await using database = await benchDatabase({ max_wal_size: "4GB" });
const { sql } = database;
const yahoo = await loopbackYahoo();
try {
  const best = new Map<string, Measured>();
  const sums = new Set<string>();
  for (let round = 1; round <= rounds; round++) {
    for (const { way, script, etfs: count, rounds: most } of WAYS) {
      if (round > most) continue;
      await empty(count);
      const measured = await database.measure<Measured>(`etf-prices/${script}`, values.days, yahoo.baseUrl);
      console.log(`round ${round} of ${rounds}, ${way}: ${(measured.ms / 1_000).toFixed(1)} s`);
      if (way === "COPY and merge" || way === "job") sums.add(await stored());
      const before = best.get(way);
      if (!before || measured.ms < before.ms) best.set(way, measured);
    }
  }
  const bare = best.get("COPY and merge")!;
  const answers = best.get("answers alone")!;
  const each = (measured: Measured, of: (cost: Cost) => number) => of(measured) / measured.etfs;
  const asks = (way: string) => way.startsWith("job");
  const timesBare = (value: number, of: (cost: Cost) => number) => `${(value / each(bare, of)).toFixed(2)} ×`;
  console.log(
    `\n${thousands(etfs)} ETFs × ${days} days, the fastest of ${rounds} rounds of each way, Node ${process.version}\n`,
  );
  console.log(
    table(
      [...best].map(([way, measured]) => ({
        way,
        rows: thousands(measured.etfs * days),
        seconds: (measured.ms / 1_000).toFixed(2),
        "CPU s": (processorMs(measured) / 1_000).toFixed(2),
        "of it answers": asks(way) ? ((each(answers, processorMs) * measured.etfs) / 1_000).toFixed(2) : "",
        "rows/s": thousands((measured.etfs * days) / (measured.ms / 1_000)),
        statements: thousands(measured.statements),
        "peak MiB": thousands(measured.peakMiB),
        "÷ bare": timesBare(each(measured, clock), clock),
        "by CPU": timesBare(each(measured, processorMs), processorMs),
        "without answers": asks(way)
          ? timesBare(each(measured, processorMs) - each(answers, processorMs), processorMs)
          : "",
      })),
    ),
  );
  console.log("\naim for the job: within 1.5 × COPY and merge by the clock, and no more memory for twice the ETFs");
  console.log(sums.size === 1 ? "both wrote the same rows" : `the rows differ: ${[...sums].join("; ")}`);
} finally {
  yahoo.close();
}

async function empty(count: number): Promise<void> {
  await sql`truncate portfolio.etfs, portfolio.etf_prices, portfolio.etf_updates, platform.job_runs cascade`;
  await sql`
    insert into portfolio.etfs (symbol, in_use, added_at)
    select 'E' || n || '.DE', true, now() from generate_series(1, ${count}::integer) n`;
  await sql`vacuum analyze portfolio.etfs`;
  await sql`checkpoint`;
}

/** A checksum of the stored rows. */
async function stored(): Promise<string> {
  const [row] = await sql<{ words: string }[]>`
    select concat_ws(' ', count(*), sum(open), sum(high), sum(low), sum(close), sum(adjusted_close), sum(volume)) as words
      from portfolio.etf_prices`;
  return row!.words;
}

async function loopbackYahoo(): Promise<{ baseUrl: string; close: () => void }> {
  const charts = sampleCharts(days);
  const server = createServer((request, response) => {
    const [, symbol = ""] = /^\/v8\/finance\/chart\/([^?]+)/.exec(request.url ?? "") ?? [];
    const body = charts.body(decodeURIComponent(symbol));
    response
      .writeHead(body === undefined ? 404 : 200, { "content-type": "application/json;charset=utf-8" })
      .end(body ?? '{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found"}}}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v8/finance/chart`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
