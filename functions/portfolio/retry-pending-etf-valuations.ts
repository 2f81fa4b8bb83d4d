import { lockFreePensions, lockPensions, pensionEtfs, pensionsToValue } from "#data/portfolio/pension-progress.ts";
import { type Counts, defineJob, type FailedItem, schedule, writes, z } from "#jobs";
import { civilDateIn } from "#rules/civil-date.ts";
import { addTo, valuationOf, type ValuedPensions, valuePensions } from "#services/portfolio/value-pensions.ts";
import { portfolio } from "../families.ts";

const PENSIONS_PER_BATCH = 5_000;

/**
 * Brings every pension up to date: new days get a value, and waiting days are completed where price and rate are known
 * now. Running twice is safe, also side by side: a final day never changes, and each run locks the pensions that the
 * other does not hold.
 */
export const retryPendingEtfValuations = defineJob({
  id: "retry_pending_etf_valuations",
  family: portfolio,
  summary: "Value new days of all pensions and complete those that lacked a price or a rate",
  on: schedule("0 10 * * * *", "Europe/Berlin"),
  input: z.strictObject({}),
  concurrency: () => null,
  gates: [writes],
  timeout: "30m",

  async run({ db, asOf, settings, signal, transaction, recordFailures, progress }) {
    const etfs = await pensionEtfs(db);
    const valuation = valuationOf(etfs, civilDateIn("Europe/Berlin", asOf), settings.FX_PROVIDERS);
    const sum: Counts = { pensions: 0 };
    const skipped: string[] = [];
    const failed: FailedItem[] = [];
    const add = (batch: ValuedPensions) => {
      failed.push(...batch.failed);
      addTo(sum, batch.counts);
    };
    const nextBatch = (after: string | null) =>
      pensionsToValue(db, valuation.reaches, { after, limit: PENSIONS_PER_BATCH });
    for (let ids = await nextBatch(null); ids.length > 0; ids = await nextBatch(ids.at(-1)!)) {
      signal.throwIfAborted();
      const batch = await valuePensions(valuation, ids, { transaction, lock: lockFreePensions });
      skipped.push(...batch.skipped);
      add(batch);
      sum.pensions! += ids.length - batch.skipped.length - batch.failed.length;
      progress(sum.pensions!);
    }
    // The run that held these may have failed. When this run succeeds, they are up to date.
    for (let first = 0; first < skipped.length; first += PENSIONS_PER_BATCH) {
      const ids = skipped.slice(first, first + PENSIONS_PER_BATCH);
      add(await valuePensions(valuation, ids, { transaction, lock: lockPensions }));
    }
    recordFailures(failed);
    return sum;
  },
});
