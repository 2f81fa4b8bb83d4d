import postgres from "postgres";
import { costOf, peakMiB } from "../support/process-cost.ts";
import { sampleCharts } from "./sample-charts.ts";

/** The naive way: an INSERT per day, a transaction per ETF. The prices are in memory. */
const [url, pid, days] = process.argv.slice(2) as [string, string, string];
const charts = sampleCharts(Number(days));
const sql = postgres(url, { max: 1, onnotice: () => undefined });
const etfs = await sql<{ id: string; symbol: string }[]>`select id, symbol from portfolio.etfs order by id`;

const cost = await costOf({ url, pid: Number(pid) }, async () => {
  for (const { id, symbol } of etfs) {
    await sql.begin(async (tx) => {
      await tx`
        update portfolio.etfs set currency = 'EUR', series = 'raw', state = 'ready', synced_at = now() where id = ${id}`;
      for (const row of charts.rows(symbol)) {
        const [date, open, high, low, close, adjusted, volume] = row.split("\t") as [string, ...string[]];
        await tx`
          insert into portfolio.etf_prices (etf_id, date, open, high, low, close, adjusted_close, volume, source, series)
          values (${id}, ${date}, ${open!}, ${high!}, ${low!}, ${close!}, ${adjusted!}, ${volume!}, 'yahoo', 'raw')
          on conflict do nothing`;
      }
    });
  }
});
await sql.end();
console.log(JSON.stringify({ ...cost, etfs: etfs.length, peakMiB: peakMiB() }));
