import { z } from "zod";
import { continueSeries } from "../../functions/portfolio/store-prices.ts";
import { openApp } from "../../shared/app.ts";
import { readConfig } from "../../shared/config.ts";
import { trackEtfRun } from "../../shared/data/portfolio/etf-updates.ts";
import { etfsToSync } from "../../shared/data/portfolio/etfs.ts";
import { catalogueOf } from "../../shared/jobs/catalogue.ts";
import { defineJob, manual } from "../../shared/jobs/define-job.ts";
import { peakMiB } from "../support/process-cost.ts";
import { sampleSeries } from "./sample-series.ts";

const [url, days] = process.argv.slice(2) as [string, string];

/** What `sync_etf_prices` does, with series from memory where that one asks a provider. */
const store = defineJob({
  id: "store_sample_prices",
  family: { id: "portfolio", title: "The benchmark" },
  summary: "Store sample prices",
  on: manual,
  input: z.strictObject({}),
  timeout: "1h",
  onTransition: (tx, run) => trackEtfRun(tx, "sync", run),
  items: ({ db, asOf }) => etfsToSync(db, asOf),
  key: ({ symbol }) => symbol,
  async each({ id }, { run, asOf, transaction }) {
    const series = sampleSeries(id, Number(days));
    const { inserted } = await transaction((tx) =>
      continueSeries(tx, id, series, { runId: run.id, asOf, asked: null }),
    );
    return inserted === series.points.length ? "stored" : "not stored";
  },
});

const app = openApp(readConfig({ DATABASE_URL: url }, [store.id]), catalogueOf([store]), {
  sink: () => undefined,
  dispatch: async () => undefined,
});
let statements = 0;
Object.assign(app.db.$client.options, { debug: () => (statements += 1) });

const start = performance.now();
const { id } = await app.runner.request(store, { input: {}, trigger: "manual", requestedBy: "the benchmark" });
const run = await app.runner.execute(id);
const ms = performance.now() - start;
const { stored } = run?.result as { stored?: number };
if (run?.state !== "succeeded" || !stored) throw new Error(`the run ended ${run?.state}: ${JSON.stringify(run)}`);
await app.close();
console.log(JSON.stringify({ etfs: stored, ms, statements, peakMiB: peakMiB() }));
