/** An app process that applies decisions, for a test to kill: database, instant, id of the waiting run. */
import { applyAnalysisDecisions } from "#functions/tax-liens/apply-analysis-decisions.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

const [databaseUrl, now, runId] = process.argv.slice(2);
const app = startProcess(databaseUrl!, [applyAnalysisDecisions], { clock: new TestClock(now) });
await app.runner.execute(runId!);
await app.close();
