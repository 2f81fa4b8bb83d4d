/** An app process that prunes the ledger, for a test to kill: database, storage, instant, id of the waiting run. */
import { pruneRunLedger } from "#functions/platform/prune-run-ledger.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

const [databaseUrl, storage, now, runId] = process.argv.slice(2);
const app = startProcess(databaseUrl!, [pruneRunLedger], {
  clock: new TestClock(now),
  env: { AzureWebJobsStorage: storage! },
});
await app.runner.execute(runId!);
await app.close();
