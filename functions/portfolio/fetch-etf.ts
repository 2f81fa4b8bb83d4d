import { trackEtfRun } from "#data/portfolio/etf-updates.ts";
import { markFailed } from "#data/portfolio/etfs.ts";
import { noteClosedDays } from "#data/portfolio/price-gaps.ts";
import { defineJob, event, exponential, internet, writes, z } from "#jobs";
import { notify } from "#notifications/notify.ts";
import { etfProviders } from "#providers/etf-providers.ts";
import { etfSymbol } from "#rules/portfolio/etf-symbol.ts";
import { existingEtf } from "#services/portfolio/existing-etf.ts";
import { answeredRange } from "#services/portfolio/late-price.ts";
import { continueSeries, readyToStore } from "#services/portfolio/store-prices.ts";
import { suspectNotices } from "#services/portfolio/suspect-notices.ts";
import { portfolio } from "../families.ts";

/**
 * Stores what a provider knows about an ETF, and all of its prices, in one transaction. Running twice is safe: stored
 * days stay as they are.
 */
export const fetchEtf = defineJob({
  id: "fetch_etf",
  family: portfolio,
  summary: "Fetch the facts and the full price history of an ETF that was added",
  // One run an invocation: each calls an outside service that limits requests.
  on: event({ batch: 1 }),
  input: z.strictObject({ symbol: etfSymbol }),
  async checkInput({ symbol }, { db }) {
    await existingEtf(db, symbol);
  },
  retry: exponential({ retries: 4, first: "10s", max: "10m" }),
  timeout: "5m",
  concurrency: ({ symbol }) => symbol,
  gates: [writes, internet],
  then: ["retry_pending_etf_valuations"],
  async onTransition(tx, run) {
    await trackEtfRun(tx, "fetch", run);
    if (run.state === "dead" || run.state === "cancelled")
      await markFailed(tx, (run.input as { symbol: string }).symbol);
  },

  async run(context) {
    const { input, asOf, db, settings, signal, log, run, enqueue, finish, callPolicy } = context;
    const { symbol } = input;
    const { id, series, currency } = await existingEtf(db, symbol);
    const providers = etfProviders(settings, log, callPolicy);
    const fetched = await providers.prices({ symbol, from: null, series, currency }, { signal });
    return finish(async (tx) => {
      const storing = { runId: run.id, asOf, symbol };
      const ready = readyToStore(id, fetched);
      const { continued, newlyHeld } = await continueSeries(tx, [ready], storing);
      const { suspect, ...stored } = continued[0]!;
      if (stored.isNewScale) await enqueue(tx, "refresh_etf", { symbol });
      else await noteClosedDays(tx, [answeredRange(null, ready)]);
      await notify(context, tx, suspectNotices(newlyHeld));
      return { ...stored, source: fetched.source, ...(suspect > 0 && { suspect }) };
    });
  },
});
