import { trackRun } from "#data/portfolio/exchange-rate-updates.ts";
import { asError, defineJob, exponential, internet, InvalidInput, manual, writes, z } from "#jobs";
import type { RatesOfDay } from "#providers/fx-provider.ts";
import { fxProviders } from "#providers/fx-providers.ts";
import { civilDateIn, daysBetween } from "#rules/civil-date.ts";
import { civilDateField } from "#rules/input-fields.ts";
import { rangeFaults } from "#rules/portfolio/date-range-faults.ts";
import { storeRates } from "#services/portfolio/store-rates.ts";
import { portfolio } from "../families.ts";

/** Days of one transaction: about 16,000 points, a tenth of a second. */
const DAYS_PER_BATCH = 400;

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

  async run({ input, asOf, settings, signal, log, transaction, run, progress }) {
    const { startDate, endDate = civilDateIn("Europe/Berlin", asOf) } = input;
    const counts = { days: 0, inserted: 0, skipped: 0 };
    const whole = daysBetween(startDate, endDate) + 1;
    for await (const batch of batchesOf(
      fxProviders(settings, log).since(startDate, endDate, { signal }),
      DAYS_PER_BATCH,
    )) {
      const { inserted, skipped } = await transaction((tx) => storeRates(tx, run.id, batch));
      counts.days += batch.length;
      counts.inserted += inserted;
      counts.skipped += skipped;
      const oldest = batch.at(-1)!.date;
      progress(daysBetween(oldest, endDate) + 1, whole, `back to ${oldest}`);
    }
    return counts;
  },
});

/**
 * Groups days; a group has one source. After a failure it yields the days that it has, then throws, so that whole days
 * are stored.
 */
async function* batchesOf(days: AsyncIterable<RatesOfDay>, size: number): AsyncGenerator<RatesOfDay[]> {
  let batch: RatesOfDay[] = [];
  let failure: Error | undefined;
  try {
    for await (const day of days) {
      if (batch.length === size || (batch[0] && batch[0].source !== day.source)) {
        yield batch;
        batch = [];
      }
      batch.push(day);
    }
  } catch (error) {
    failure = asError(error);
  }
  if (batch.length) yield batch;
  if (failure) throw failure;
}
