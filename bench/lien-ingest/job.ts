import { openApp } from "#app";
import { findRun } from "#data/platform/job-runs.ts";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { costOf, peakMiB } from "../support/process-cost.ts";

const [url, pid] = process.argv.slice(2) as [string, string];
const app = openApp(
  readConfig({ DATABASE_URL: url, COUNTY_LISTS_LOOPBACK: "true" }, [ingestCountyLiens]),
  catalogueOf([ingestCountyLiens]),
  { sink: () => undefined, dispatch: async () => undefined },
);
await app.db.execute("select 1");

const asked = { input: { countyId: "bench-az" }, trigger: "manual", requestedBy: "the benchmark" } as const;
const { id } = await app.enqueuer.enqueue(ingestCountyLiens, asked);
const cost = await costOf({ url, pid: Number(pid) }, () => app.runner.execute(id));
const ended = await findRun(app.db, id);
if (ended?.state !== "succeeded") throw new Error(`the run ended ${ended?.state}: ${JSON.stringify(ended?.errors)}`);
await app.close();
console.log(JSON.stringify({ ...cost, ...ended.result, peakMiB: peakMiB() }));
