import { runAnalysis } from "#functions/tax-liens/run-analysis/index.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

/** Executes an analysis, for a test to stop: `node analysis-process.ts <database> <run> <instant>`. */
const [url, run, now] = process.argv.slice(2) as [string, string, string];
const app = startProcess(url, [runAnalysis], { clock: new TestClock(now), heartbeatMs: 50 });
await app.runner.execute(run);
await app.close();
