import type { Tx } from "#data/client.ts";
import { addPoints } from "#data/portfolio/exchange-rate-updates.ts";
import { type InsertedPoints, insertRates } from "#data/portfolio/exchange-rates.ts";
import type { JobContext } from "#jobs/context.ts";
import { asError } from "#jobs/error-class.ts";
import { notify } from "#notifications/notify.ts";
import type { RatesOfDay } from "#providers/fx-provider.ts";
import type { CivilDate } from "#rules/civil-date.ts";
import { judgeRates } from "./judge-rates.ts";
import { suspectNotices } from "./suspect-notices.ts";

/** Days of one transaction: about 16,000 points, a tenth of a second. */
const DAYS_PER_BATCH = 400;

/** Days of one source that one transaction has stored. */
export interface StoredDays extends InsertedPoints {
  /** Rates that are held back as implausible. */
  readonly suspect: number;
  readonly source: string;
  readonly days: readonly CivilDate[];
}

/**
 * Stores whole days and counts them in the run's tracking row, a batch a transaction. When the days end in a failure,
 * it stores the days before it, then throws.
 */
export async function* storeRates(
  days: AsyncIterable<RatesOfDay>,
  context: JobContext<unknown>,
): AsyncGenerator<StoredDays> {
  for await (const batch of batchesOf(days, DAYS_PER_BATCH)) {
    const { source } = batch[0]!;
    const points = await context.transaction((tx) => storeBatch(tx, context, batch, source));
    yield { ...points, source, days: batch.map(({ date }) => date) };
  }
}

/** Stores the plausible rates. The operators get one notification of those that are held back from now on. */
async function storeBatch(
  tx: Tx,
  context: JobContext<unknown>,
  fetched: readonly RatesOfDay[],
  source: string,
): Promise<InsertedPoints & { suspect: number }> {
  const { run, asOf } = context;
  const { days, suspect, newlyHeld } = await judgeRates(tx, fetched, { runId: run.id, asOf });
  const points = await insertRates(tx, days, source);
  await addPoints(tx, run.id, source, { ...points, suspect });
  await notify(context, tx, suspectNotices(newlyHeld));
  return { ...points, suspect };
}

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
