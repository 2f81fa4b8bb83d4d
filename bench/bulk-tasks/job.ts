import { dispatchReminders } from "../../functions/tasks/dispatch-reminders.ts";
import { processRecurringTasks } from "../../functions/tasks/process-recurring-tasks.ts";
import { scanOverdueTasks } from "../../functions/tasks/scan-overdue-tasks.ts";
import { openApp } from "../../shared/app.ts";
import { readConfig } from "../../shared/config.ts";
import { catalogueOf } from "../../shared/jobs/catalogue.ts";
import { peakMiB } from "../support/process-cost.ts";
import { AS_OF, CASES } from "./cases.ts";

/** The job as the app runs it: ledger, lease, fence, log. */
const [url, name] = process.argv.slice(2) as [string, string];
const { jobId, settings } = CASES[name]!;
const job = [dispatchReminders, processRecurringTasks, scanOverdueTasks].find(({ id }) => id === jobId)!;
const config = readConfig({ DATABASE_URL: url, ...settings }, [jobId]);
const clock = { now: () => new Date(AS_OF) };
const app = openApp(config, catalogueOf([job]), { sink: () => undefined, dispatch: async () => undefined, clock });
let statements = 0;
// The driver asks for this with each statement.
Object.assign(app.db.$client.options, { debug: () => void (statements += 1) });

const { id } = await app.runner.request(job, { input: {}, trigger: "manual", requestedBy: "the benchmark" });
const startedAt = performance.now();
const run = await app.runner.execute(id);
const ms = performance.now() - startedAt;
if (run?.state !== "succeeded") throw new Error(`the run ended ${run?.state}: ${JSON.stringify(run?.errors)}`);
await app.close();
console.log(JSON.stringify({ ms, statements, peakMiB: peakMiB() }));
