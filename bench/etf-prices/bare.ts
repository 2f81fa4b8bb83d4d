import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import postgres from "postgres";
import { costOf, peakMiB } from "../support/process-cost.ts";
import { sampleCharts } from "./sample-charts.ts";

/** The lower bound: COPY of text rows in memory into a staging table, and one statement from there. */
const [url, pid, days] = process.argv.slice(2) as [string, string, string];
const charts = sampleCharts(Number(days));
const sql = postgres(url, { max: 1, onnotice: () => undefined });
const etfs = await sql<{ id: string; symbol: string }[]>`select id, symbol from portfolio.etfs order by id`;

const cost = await costOf({ url, pid: Number(pid) }, () =>
  sql.begin(async (tx) => {
    await tx`update portfolio.etfs set currency = 'EUR', series = 'raw', state = 'ready', synced_at = now()`;
    await tx`
      create temporary table staging (
        etf_id bigint, date date, open numeric, high numeric, low numeric, close numeric, adjusted_close numeric, volume numeric
      ) on commit drop`;
    await pipeline(Readable.from(lines()), await tx`copy staging from stdin`.writable());
    await tx`
      insert into portfolio.etf_prices (etf_id, date, open, high, low, close, adjusted_close, volume, source, series)
      select *, 'yahoo', 'raw' from staging on conflict do nothing`;
  }),
);
await sql.end();
console.log(JSON.stringify({ ...cost, etfs: etfs.length, peakMiB: peakMiB() }));

function* lines(): Generator<string> {
  for (const { id, symbol } of etfs) {
    yield charts
      .rows(symbol)
      .map((row) => `${id}\t${row}\n`)
      .join("");
  }
}
