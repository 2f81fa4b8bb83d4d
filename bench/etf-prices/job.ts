import { openApp } from "#app";
import { retryPendingEtfValuations } from "#functions/portfolio/retry-pending-etf-valuations.ts";
import { syncEtfPrices } from "#functions/portfolio/sync-etf-prices.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { costOf, peakMiB } from "../support/process-cost.ts";
import { AS_OF } from "./sample-charts.ts";

const [url, pid, , yahooBaseUrl] = process.argv.slice(2) as [string, string, string, string];
const jobs = [syncEtfPrices, retryPendingEtfValuations];
const config = readConfig({ DATABASE_URL: url, ETF_PROVIDERS: "yahoo", YAHOO_BASE_URL: yahooBaseUrl }, jobs);
const app = openApp(config, catalogueOf(jobs), { sink: () => undefined, dispatch: async () => undefined });
await app.db.execute("select 1");

// The run of a later day would wait for prices that the charts lack.
const asked = { input: {}, trigger: "manual", requestedBy: "the benchmark", asOf: AS_OF } as const;
const { id } = await app.enqueuer.enqueue(syncEtfPrices, asked);
let ended: Awaited<ReturnType<typeof app.runner.execute>>;
const cost = await costOf({ url, pid: Number(pid) }, async () => {
  ended = await app.runner.execute(id);
});
const { state, result, itemFailureCount, errors } = ended!;
if (state !== "succeeded" || itemFailureCount) throw new Error(`the run ended ${state}: ${JSON.stringify(errors)}`);
await app.close();
console.log(JSON.stringify({ ...cost, etfs: (result as { updated: number }).updated, peakMiB: peakMiB() }));
