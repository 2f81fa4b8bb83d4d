import { type Counts, defineJob, schedule, z } from "#jobs";
import { lockFreePensions, lockPensions, pensionEtfs, pensionsToValue } from "#data/portfolio/pension-progress.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import { portfolio } from "../../families.ts";
import { addTo, valuationOf, valuePensions } from "./value-pensions.ts";

const PENSIONS_PER_BATCH = 5_000;

/**
 * Brings every pension up to date: days that have come since get a value, days that waited are completed where price and rate
 * are there now. Twice is safe, and so are two at once: a final day is never touched, and each takes the pensions that the
 * other does not hold.
 */
export const retryPendingEtfValuations = defineJob({
  id: "retry_pending_etf_valuations",
  family: portfolio,
  summary: "Value the days that have come and complete those that lacked a price or a rate",
  on: schedule("0 10 * * * *", "Europe/Berlin"),
  input: z.strictObject({}),
  concurrency: () => null,
  timeout: "30m",

  async run({ db, asOf, settings, signal, transaction, progress }) {
    const etfs = await pensionEtfs(db);
    const valuation = valuationOf(etfs, civilDateIn("Europe/Berlin", asOf), settings.FX_PROVIDERS);
    const sum: Counts = { pensions: 0 };
    const left: string[] = [];
    const nextBatch = (after: string | null) =>
      pensionsToValue(db, valuation.reaches, { after, limit: PENSIONS_PER_BATCH });
    for (let ids = await nextBatch(null); ids.length > 0; ids = await nextBatch(ids.at(-1)!)) {
      signal.throwIfAborted();
      const batch = await valuePensions(valuation, ids, { transaction, lock: lockFreePensions });
      left.push(...batch.left);
      addTo(sum, { ...batch.counts, pensions: ids.length - batch.left.length });
      progress(sum.pensions!);
    }
    // Who held those may have come to nothing. When this run succeeds, they are done.
    for (let first = 0; first < left.length; first += PENSIONS_PER_BATCH) {
      const ids = left.slice(first, first + PENSIONS_PER_BATCH);
      addTo(sum, (await valuePensions(valuation, ids, { transaction, lock: lockPensions })).counts);
    }
    return sum;
  },
});
