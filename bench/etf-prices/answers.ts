import postgres from "postgres";
import { etfProviders } from "#providers/etf-providers.ts";
import { mapConcurrently } from "#providers/map-concurrently.ts";
import { readConfig } from "#settings/config.ts";
import { costOf, peakMiB } from "../support/process-cost.ts";

/** The job's work without the database: request each ETF, parse and check its answer. */
const [url, pid, , yahooBaseUrl] = process.argv.slice(2) as [string, string, string, string];
const sql = postgres(url, { max: 1, onnotice: () => undefined });
const etfs = await sql<{ symbol: string }[]>`select symbol from portfolio.etfs order by id`;
const config = readConfig({ DATABASE_URL: url, ETF_PROVIDERS: "yahoo", YAHOO_BASE_URL: yahooBaseUrl }, []);
const providers = etfProviders(config, { warn: () => undefined });
const ask = ({ symbol }: { symbol: string }) => providers.prices({ symbol, from: null, series: null, currency: null });

const cost = await costOf({ url, pid: Number(pid) }, async () => {
  for await (const { answer } of mapConcurrently(4, etfs, ask)) {
    if (answer.status === "rejected") throw answer.reason;
  }
});
await sql.end();
console.log(JSON.stringify({ ...cost, etfs: etfs.length, peakMiB: peakMiB() }));
