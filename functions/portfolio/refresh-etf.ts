import { trackEtfRun } from "#data/portfolio/etf-updates.ts";
import { noteClosedDays } from "#data/portfolio/price-gaps.ts";
import { defineJob, exponential, internet, manual, writes, z } from "#jobs";
import { notify } from "#notifications/notify.ts";
import { etfProviders } from "#providers/etf-providers.ts";
import { etfSymbol } from "#rules/portfolio/etf-symbol.ts";
import { existingEtf } from "#services/portfolio/existing-etf.ts";
import { answeredRange } from "#services/portfolio/late-price.ts";
import { readyToStore, refreshSeries } from "#services/portfolio/store-prices.ts";
import { suspectNotices } from "#services/portfolio/suspect-notices.ts";
import { portfolio } from "../families.ts";

/**
 * Fetches all prices of an ETF again and corrects those that differ, in one transaction. Only this job changes a series
 * from raw to adjusted prices or back. Running twice is safe: the second time nothing differs.
 */
export const refreshEtf = defineJob({
  id: "refresh_etf",
  family: portfolio,
  summary: "Fetch all prices of an ETF again and correct those that changed",
  on: manual,
  input: z.strictObject({ symbol: etfSymbol }),
  async checkInput({ symbol }, { db }) {
    await existingEtf(db, symbol);
  },
  retry: exponential({ retries: 4, first: "10s", max: "10m" }),
  timeout: "5m",
  concurrency: ({ symbol }) => symbol,
  gates: [writes, internet],
  then: ["retry_pending_etf_valuations"],
  onTransition: (tx, run) => trackEtfRun(tx, "refresh", run),

  async run(context) {
    const { input, asOf, db, settings, signal, log, run, finish, callPolicy } = context;
    const { symbol } = input;
    const { id, currency } = await existingEtf(db, symbol);
    const fetched = await etfProviders(settings, log, callPolicy).prices(
      { symbol, from: null, series: null, currency },
      { signal },
    );
    return finish(async (tx) => {
      const storing = { runId: run.id, asOf, symbol };
      const ready = readyToStore(id, fetched);
      const { refreshed, newlyHeld } = await refreshSeries(tx, ready, storing);
      await noteClosedDays(tx, [answeredRange(null, ready)]);
      await notify(context, tx, suspectNotices(newlyHeld));
      return { ...refreshed, source: fetched.source, series: fetched.series };
    });
  },
});
