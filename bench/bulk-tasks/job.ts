import { openApp } from "#app";
import { findRun } from "#data/platform/job-runs.ts";
import { dispatchReminders } from "#functions/tasks/dispatch-reminders.ts";
import { processRecurringTasks } from "#functions/tasks/process-recurring-tasks.ts";
import { scanOverdueTasks } from "#functions/tasks/scan-overdue-tasks.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { costOf, peakMiB } from "../support/process-cost.ts";
import { AS_OF, CASES } from "./cases.ts";

/** The job as the app runs it: ledger, lease, fence, log. With `--expose-gc` it collects garbage after each page. */
const [url, pid, name] = process.argv.slice(2) as [string, string, string];
const { jobId, settings } = CASES[name]!;
const job = [dispatchReminders, processRecurringTasks, scanOverdueTasks].find(({ id }) => id === jobId)!;
const config = readConfig({ DATABASE_URL: url, ...settings }, [job]);
const clock = { now: () => new Date(AS_OF) };
const app = openApp(config, catalogueOf([job]), {
  sink: ({ message }) => {
    if (message === "Committed") globalThis.gc?.();
  },
  dispatch: async () => undefined,
  clock,
});
await app.db.execute("select 1");

const { id } = await app.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "the benchmark" });
const cost = await costOf({ url, pid: Number(pid) }, () => app.runner.execute(id));
const run = await findRun(app.db, id);
if (run?.state !== "succeeded") throw new Error(`the run ended ${run?.state}: ${JSON.stringify(run?.errors)}`);
await app.close();
console.log(JSON.stringify({ ...cost, peakMiB: peakMiB() }));
