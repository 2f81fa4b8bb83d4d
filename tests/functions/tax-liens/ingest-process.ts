import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

/** Starts an ingestion, for a test to kill: `node ingest-process.ts <database> <county> <instant>`. */
const [url, countyId, now] = process.argv.slice(2) as [string, string, string];
const app = startProcess(url, [ingestCountyLiens], {
  clock: new TestClock(now),
  env: { COUNTY_LISTS_LOOPBACK: "true" },
});
const { id } = await app.enqueuer.enqueue(ingestCountyLiens, {
  input: { countyId },
  trigger: "manual",
  requestedBy: "a test",
});
console.log(id);
await app.runner.execute(id);
