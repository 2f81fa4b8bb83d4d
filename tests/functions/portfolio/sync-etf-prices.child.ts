/**
 * An app process that synchronises prices, for a test to kill: database, instant, id of the waiting run, lease, Yahoo's
 * address.
 */
import { syncEtfPrices } from "#functions/portfolio/sync-etf-prices.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

const [databaseUrl, now, runId, leaseMs, yahooBaseUrl] = process.argv.slice(2);
const app = startProcess(databaseUrl!, [syncEtfPrices], {
  clock: new TestClock(now),
  leaseMs: Number(leaseMs),
  env: { YAHOO_BASE_URL: yahooBaseUrl! },
});
await app.runner.execute(runId!);
await app.close();
