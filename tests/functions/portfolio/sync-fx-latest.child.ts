/**
 * An app process that fetches exchange rates, for a test to kill: database, instant, id of the waiting run, lease,
 * Frankfurter's address.
 */
import { syncFxLatest } from "#functions/portfolio/sync-fx-latest.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

const [databaseUrl, now, runId, leaseMs, frankfurterBaseUrl] = process.argv.slice(2);
const app = startProcess(databaseUrl!, [syncFxLatest], {
  clock: new TestClock(now),
  leaseMs: Number(leaseMs),
  env: { FX_PROVIDERS: "frankfurter", FRANKFURTER_BASE_URL: frankfurterBaseUrl! },
});
await app.runner.execute(runId!);
await app.close();
