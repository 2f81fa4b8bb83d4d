import { defineJob, event, exponential, internet, z } from "#jobs";
import { trackEtfRun } from "#data/portfolio/etf-updates.ts";
import { markFailed } from "#data/portfolio/etfs.ts";
import { etfProviders } from "#providers/etf-providers.ts";
import { portfolio } from "../families.ts";
import { etfSymbol, knownEtf } from "./sync-etf-prices/known-etf.ts";
import { continueSeries, readyToStore } from "./sync-etf-prices/store-prices.ts";

/**
 * Brings in what a provider knows about an ETF, and all of its prices, in one transaction. Twice is safe: a day that exists stays
 * as it is.
 */
export const fetchEtf = defineJob({
  id: "fetch_etf",
  family: portfolio,
  summary: "Fetch an ETF that was added: what it is, and its full price history",
  // One run an invocation: each asks an outside service, which wants few questions at a time.
  on: event({ batch: 1 }),
  input: z.strictObject({ symbol: etfSymbol }),
  retry: exponential({ retries: 4, first: "10s", max: "10m" }),
  timeout: "5m",
  concurrency: ({ symbol }) => symbol,
  gates: [internet],
  then: ["retry_pending_etf_valuations"],
  async onTransition(tx, run) {
    await trackEtfRun(tx, "fetch", run);
    if (run.state === "dead" || run.state === "cancelled")
      await markFailed(tx, (run.input as { symbol: string }).symbol);
  },

  async run({ input, asOf, db, settings, signal, log, run, enqueue, finish }) {
    const { symbol } = input;
    const { id, series, currency } = await knownEtf(db, symbol);
    const fetched = await etfProviders(settings, log).prices({ symbol, from: null, series, currency }, { signal });
    return finish(async (tx) => {
      const storing = { runId: run.id, asOf, asked: symbol };
      const [stored] = await continueSeries(tx, [readyToStore(id, fetched)], storing);
      if (stored?.isNewScale) await enqueue(tx, "refresh_etf", { symbol });
      return { ...stored, source: fetched.source };
    });
  },
});
