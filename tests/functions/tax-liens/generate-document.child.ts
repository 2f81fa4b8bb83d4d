/** An app process that generates a document, for a test to kill: database, storage, id of the waiting run. */
import { generateDocument } from "#functions/tax-liens/generate-document.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

const [databaseUrl, storage, now, runId] = process.argv.slice(2);
const app = startProcess(databaseUrl!, [generateDocument], {
  clock: new TestClock(now),
  env: { AzureWebJobsStorage: storage! },
});
await app.runner.execute(runId!);
await app.close();
