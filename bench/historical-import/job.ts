import { openApp } from "#app";
import { retryPendingEtfValuations } from "#functions/portfolio/retry-pending-etf-valuations.ts";
import { syncFxHistorical } from "#functions/portfolio/sync-fx-historical.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { peakMiB } from "../support/process-cost.ts";

const [url, , baseUrl] = process.argv.slice(2) as [string, string, string];
const config = readConfig({ DATABASE_URL: url, ECB_BASE_URL: baseUrl, FX_PROVIDERS: "ecb" }, [syncFxHistorical]);
const app = openApp(config, catalogueOf([syncFxHistorical, retryPendingEtfValuations]), {
  sink: () => undefined,
  dispatch: async () => undefined,
});

const start = performance.now();
const { id } = await app.enqueuer.enqueue(syncFxHistorical, {
  input: { startDate: "1999-01-04", endDate: "2026-04-13" },
  trigger: "manual",
  requestedBy: "the benchmark",
});
const run = await app.runner.execute(id);
const ms = performance.now() - start;
if (run?.state !== "succeeded") throw new Error(`the run ended ${run?.state}: ${JSON.stringify(run?.errors)}`);
const { inserted, skipped } = run.result as { inserted: number; skipped: number };
await app.close();
console.log(JSON.stringify({ points: inserted + skipped, ms, peakMiB: peakMiB() }));
