import { undoLienIngestion } from "#functions/tax-liens/undo-lien-ingestion/index.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

/** Executes an undo, for a test to kill: `node undo-process.ts <database> <run> <instant>`. */
const [url, run, now] = process.argv.slice(2) as [string, string, string];
const app = startProcess(url, [undoLienIngestion], { clock: new TestClock(now) });
await app.runner.execute(run);
