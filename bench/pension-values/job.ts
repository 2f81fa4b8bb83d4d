import { retryPendingEtfValuations } from "../../functions/portfolio/retry-pending-etf-valuations.ts";
import { openApp } from "../../shared/app.ts";
import { readConfig } from "../../shared/config.ts";
import { catalogueOf } from "../../shared/jobs/catalogue.ts";
import { peakMiB } from "../support/process-cost.ts";

const [url, lastDay] = process.argv.slice(2) as [string, string];
const now = () => new Date(`${lastDay}T22:00:00Z`);
const app = openApp(
  readConfig({ DATABASE_URL: url }, [retryPendingEtfValuations.id]),
  catalogueOf([retryPendingEtfValuations]),
  { sink: () => undefined, dispatch: async () => undefined, clock: { now } },
);
await app.db.execute("select 1");

const start = performance.now();
const asked = { input: {}, trigger: "manual", requestedBy: "the benchmark" } as const;
const { id } = await app.runner.request(retryPendingEtfValuations, asked);
const run = await app.runner.execute(id);
const ms = performance.now() - start;
if (run?.state !== "succeeded") throw new Error(`the run ended ${run?.state}: ${JSON.stringify(run?.errors)}`);
await app.close();
console.log(JSON.stringify({ ms, peakMiB: peakMiB() }));
