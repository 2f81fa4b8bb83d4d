import { trackRun } from "#data/portfolio/exchange-rate-updates.ts";
import { defineJob, exponential, internet, InvalidInput, manual, writes, z } from "#jobs";
import { fxProviders } from "#providers/fx-providers.ts";
import { civilDateIn, daysBetween } from "#rules/civil-date.ts";
import { civilDateField } from "#rules/input-fields.ts";
import { rangeFaults } from "#rules/portfolio/date-range-faults.ts";
import { storeRates } from "#services/portfolio/store-rates.ts";
import { portfolio } from "../families.ts";

/**
 * Stores all rates from a start date on, in batches of whole days. Committed days stay after a failure, and the next
 * attempt skips them. Running twice is safe: stored points stay as they are.
 */
export const syncFxHistorical = defineJob({
  id: "sync_fx_historical",
  family: portfolio,
  summary: "Fetch all exchange rates since a start date",
  on: manual,
  input: z.strictObject({ startDate: civilDateField, endDate: civilDateField.optional() }),
  checkInput(input, { asOf }) {
    const faults = rangeFaults(input, civilDateIn("Europe/Berlin", asOf));
    if (faults.length) throw new InvalidInput(faults);
  },
  retry: exponential({ retries: 4, first: "10s", max: "10m" }),
  timeout: "15m",
  gates: [writes, internet],
  then: ["retry_pending_etf_valuations"],
  onTransition: (tx, run) => trackRun(tx, "historical", run),

  async run(context) {
    const { input, asOf, clock, settings, signal, log, progress, callPolicy } = context;
    const { startDate, endDate = civilDateIn("Europe/Berlin", asOf) } = input;
    const counts = { days: 0, inserted: 0, skipped: 0 };
    let suspect = 0;
    const whole = daysBetween(startDate, endDate) + 1;
    const days = fxProviders(settings, log, callPolicy, () => clock.now()).since(startDate, endDate, { signal });
    for await (const stored of storeRates(days, context)) {
      counts.days += stored.days.length;
      counts.inserted += stored.inserted;
      counts.skipped += stored.skipped;
      suspect += stored.suspect;
      const oldest = stored.days.at(-1)!;
      progress(daysBetween(oldest, endDate) + 1, whole, `back to ${oldest}`);
    }
    return { ...counts, ...(suspect > 0 && { suspect }) };
  },
});
