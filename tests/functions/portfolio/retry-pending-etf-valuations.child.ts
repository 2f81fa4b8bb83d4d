/** An app process that values pensions, for a test to kill: database, instant, id of the waiting run, lease. */
import { retryPendingEtfValuations } from "#functions/portfolio/retry-pending-etf-valuations.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

const [databaseUrl, now, runId, leaseMs] = process.argv.slice(2);
const app = startProcess(databaseUrl!, [retryPendingEtfValuations], {
  clock: new TestClock(now),
  leaseMs: Number(leaseMs),
});
await app.runner.execute(runId!);
await app.close();
