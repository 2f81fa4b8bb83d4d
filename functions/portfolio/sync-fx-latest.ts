import { setRange, trackRun } from "#data/portfolio/exchange-rate-updates.ts";
import { storedRateDays } from "#data/portfolio/exchange-rates.ts";
import { unsettledRateDays } from "#data/portfolio/suspect-points.ts";
import { Cancel, defineJob, exponential, internet, schedule, Snooze, writes, z } from "#jobs";
import { fxProviders } from "#providers/fx-providers.ts";
import { addDays, civilDateIn } from "#rules/civil-date.ts";
import { expectedRateDay, rateDaysToFetch } from "#rules/portfolio/target-days.ts";
import { storeRates } from "#services/portfolio/store-rates.ts";
import { portfolio } from "../families.ts";

const BERLIN = "Europe/Berlin";
const LONGEST_PAUSE_MINUTES = 60;
/** How long a rate that is held back or rejected is fetched again: the days of the ECB's file of the last 90 days. */
const CORRECTED_WITHIN_DAYS = 85;

/**
 * Stores the rates of each day that has none, up to the newest day that the ECB should have published. Days with a rate
 * that is held back or rejected are fetched again, as the ECB may have corrected it. While the newest day is missing
 * the run waits, until the end of its own day; then the currencies are stale. Running twice is safe: stored
 * points stay as they are, and the next attempt fetches only what is still missing.
 */
export const syncFxLatest = defineJob({
  id: "sync_fx_latest",
  family: portfolio,
  summary: "Fetch the exchange rates of all days that lack them, up to the newest one",
  // The ECB publishes at about 16:00 on working days.
  on: schedule("0 30 16 * * *", BERLIN),
  input: z.strictObject({}),
  retry: exponential({ retries: 10, first: "10s", max: "1h" }),
  timeout: "15m",
  gates: [writes, internet],
  then: ["retry_pending_etf_valuations"],
  onTransition: (tx, run) => trackRun(tx, "latest", run),

  async run(context) {
    const { asOf, clock, db, settings, signal, log, run, transaction, callPolicy } = context;
    const expected = expectedRateDay(asOf);
    const asOfDay = civilDateIn(BERLIN, asOf);
    const stored = await storedRateDays(db);
    const unsettled = await unsettledRateDays(db, { from: addDays(expected, -CORRECTED_WITHIN_DAYS), to: expected });
    const days = rateDaysToFetch(stored, { expected, asOfDay, unsettled });
    const known = new Set(stored);
    const missing = new Set(days.filter((day) => !known.has(day)));
    await transaction((tx) => setRange(tx, run.id, days[0] ?? expected, expected));

    const published = fxProviders(settings, log, callPolicy, () => clock.now()).published(days, asOfDay, { signal });
    const result = { days: 0, inserted: 0, skipped: 0 };
    let suspect = 0;
    let newest: { date: string; source: string } | undefined;
    for await (const batch of storeRates(published, context)) {
      result.days += batch.days.length;
      result.inserted += batch.inserted;
      result.skipped += batch.skipped;
      suspect += batch.suspect;
      for (const date of batch.days) {
        missing.delete(date);
        if (newest === undefined || date > newest.date) newest = { date, source: batch.source };
      }
    }
    if (missing.delete(expected)) {
      const reason = `the rates of ${expected} are not published yet`;
      if (civilDateIn(BERLIN, clock.now()) > asOfDay)
        throw new Cancel(`${reason}, and the day of this run is over: the next run fetches them`);
      throw new Snooze(`${pauseMinutes(run.attempt)}m`, reason);
    }
    return {
      ...newest,
      ...result,
      ...(suspect > 0 && { suspect }),
      ...(missing.size > 0 && { unpublished: [...missing] }),
    };
  },
});

/** Pauses grow: soon after 16:30 the rates are a little late, later they are late for long. */
function pauseMinutes(attempt: number): number {
  return Math.min(LONGEST_PAUSE_MINUTES, 5 * 2 ** (attempt - 1));
}
