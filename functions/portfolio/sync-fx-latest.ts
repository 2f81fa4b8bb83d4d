import { trackRun } from "#data/portfolio/exchange-rate-updates.ts";
import { defineJob, exponential, internet, schedule, writes, z } from "#jobs";
import { fxProviders } from "#providers/fx-providers.ts";
import { storeRates } from "#services/portfolio/store-rates.ts";
import { portfolio } from "../families.ts";

/**
 * Stores the newest published rates. The ECB publishes at about 16:00 on working days; on other days the newest rates
 * are already stored and the job inserts nothing. Running twice is safe: stored points stay as they are.
 */
export const syncFxLatest = defineJob({
  id: "sync_fx_latest",
  family: portfolio,
  summary: "Fetch the newest published exchange rates",
  on: schedule("0 30 16 * * *", "Europe/Berlin"),
  input: z.strictObject({}),
  retry: exponential({ retries: 4, first: "10s", max: "10m" }),
  timeout: "5m",
  gates: [writes, internet],
  then: ["retry_pending_etf_valuations"],
  onTransition: (tx, run) => trackRun(tx, "latest", run),

  async run({ settings, signal, log, finish, run }) {
    const published = await fxProviders(settings, log).latest({ signal });
    return finish(async (tx) => {
      const points = await storeRates(tx, run.id, [published]);
      return { ...points, date: published.date, source: published.source };
    });
  },
});
