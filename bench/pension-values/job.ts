import { openApp } from "#app";
import { findRun } from "#data/platform/job-runs.ts";
import { retryPendingEtfValuations } from "#functions/portfolio/retry-pending-etf-valuations.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { costOf, peakMiB } from "../support/process-cost.ts";

const [url, pid, lastDay] = process.argv.slice(2) as [string, string, string];
const now = () => new Date(`${lastDay}T22:00:00Z`);
const app = openApp(
  readConfig({ DATABASE_URL: url }, [retryPendingEtfValuations]),
  catalogueOf([retryPendingEtfValuations]),
  { sink: () => undefined, dispatch: async () => undefined, clock: { now } },
);
await app.db.execute("select 1");

const asked = { input: {}, trigger: "manual", requestedBy: "the benchmark" } as const;
const { id } = await app.enqueuer.enqueue(retryPendingEtfValuations, asked);
const cost = await costOf({ url, pid: Number(pid) }, () => app.runner.execute(id));
const run = await findRun(app.db, id);
if (run?.state !== "succeeded") throw new Error(`the run ended ${run?.state}: ${JSON.stringify(run?.errors)}`);
await app.close();
console.log(JSON.stringify({ ...cost, peakMiB: peakMiB() }));
