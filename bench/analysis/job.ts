import { v7 as uuidv7 } from "uuid";
import { openApp } from "#app";
import { findRun } from "#data/platform/job-runs.ts";
import { insertAnalysis } from "#data/tax-liens/analysis-runs.ts";
import { runAnalysis } from "#functions/tax-liens/run-analysis/index.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { costOf, peakMiB } from "../support/process-cost.ts";
import { CONSTRAINTS, DAY, NOW } from "./analysis-input.ts";

const [url, pid] = process.argv.slice(2) as [string, string];
const app = openApp(readConfig({ DATABASE_URL: url }, [runAnalysis]), catalogueOf([runAnalysis]), {
  sink: () => undefined,
  dispatch: async () => undefined,
});
const id = uuidv7();
const who = { recipient: "operators", requestedBy: "the benchmark" };
const asked = { input: { analysisRunId: id }, trigger: "event", requestedBy: who.requestedBy } as const;
const { id: runId } = await app.enqueuer.enqueue(runAnalysis, asked);
const definition = { constraints: { ...CONSTRAINTS, counties: ["sample-az"] } };
const analysis = { id, runId, definition, asOf: DAY, episodeId: null, createdAt: new Date(NOW), ...who };
await app.db.transaction((tx) => insertAnalysis(tx, analysis));

const cost = await costOf({ url, pid: Number(pid) }, () => app.runner.execute(runId));
const run = await findRun(app.db, runId);
if (run?.state !== "succeeded") throw new Error(`the run ended ${run?.state}: ${JSON.stringify(run?.errors)}`);
await app.close();
console.log(JSON.stringify({ ...cost, peakMiB: peakMiB() }));
