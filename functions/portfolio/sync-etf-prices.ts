import { trackEtfRun } from "#data/portfolio/etf-updates.ts";
import { countEtfsInUse } from "#data/portfolio/etfs.ts";
import { noteClosedDays } from "#data/portfolio/price-gaps.ts";
import { asError, defineJob, exponential, internet, schedule, Snooze, writes, z } from "#jobs";
import { notify } from "#notifications/notify.ts";
import { etfProviders } from "#providers/etf-providers.ts";
import { mapConcurrently } from "#providers/map-concurrently.ts";
import { retryRequest } from "#providers/retry-request.ts";
import { etfSymbol } from "#rules/portfolio/etf-symbol.ts";
import { countEtfsToSync, etfsToSync, etfToSync } from "#services/portfolio/etfs-to-sync.ts";
import { existingEtf } from "#services/portfolio/existing-etf.ts";
import { answeredRange, lateness, LatePrice, pricesUntil } from "#services/portfolio/late-price.ts";
import { type Continued, continueSeries, readyToStore } from "#services/portfolio/store-prices.ts";
import { suspectNotices } from "#services/portfolio/suspect-notices.ts";
import { portfolio } from "../families.ts";

/** Requests in flight: the services are free and limit them. */
const CONCURRENT_REQUESTS = 4;
const LONGEST_RETRY_DELAY_MS = 60_000;
/** A transaction takes fewer ETFs when their histories are long, so that it holds a few megabytes at most. */
const ETFS_PER_BATCH = 50;
const POINTS_PER_ETF = 250;
/** How long a run waits for prices that its sources publish late. */
const LONGEST_WAIT_MS = 8 * 3_600_000;

/**
 * Stores the newest prices of the ETFs in use, each from its last stored day or from its first gap on. An ETF with an
 * invalid response, or with prices that the database refuses, fails alone. While the newest expected price of an ETF is
 * missing the run waits, for at most eight hours; then that ETF fails alone. Running twice is safe: stored days stay as
 * they are, and an attempt continues with the ETFs that are not synchronised yet.
 */
export const syncEtfPrices = defineJob({
  id: "sync_etf_prices",
  family: portfolio,
  summary: "Fetch the newest prices of all ETFs in use",
  // Half an hour after the close in New York, and five hours after those in Europe.
  on: schedule("0 30 22 * * *", "Europe/Berlin"),
  input: z.strictObject({ symbol: etfSymbol.optional() }),
  async checkInput({ symbol }, { db }) {
    if (symbol !== undefined) await existingEtf(db, symbol);
  },
  retry: exponential({ retries: 4, first: "1m", max: "30m" }),
  timeout: "1h",
  concurrency: ({ symbol }) => symbol ?? "",
  gates: [writes, internet],
  then: ["retry_pending_etf_valuations"],
  tolerate: "50%",
  // A late ETF is alone in the last attempts, and the run has synchronised the others before.
  tolerateOf: async ({ input, db }) => (input.symbol === undefined ? countEtfsInUse(db) : 1),
  onTransition: (tx, run, failed) => trackEtfRun(tx, "sync", run, failed),

  async *items({ input, asOf, db, settings, signal, log, callPolicy }) {
    const etfs =
      input.symbol === undefined
        ? await etfsToSync(db, asOf)
        : await etfToSync(db, await existingEtf(db, input.symbol), asOf);
    const providers = etfProviders(settings, log, callPolicy);
    const { ETF_RETRY_DELAY: firstMs } = settings;
    const policy = { kind: "exponential", retries: 3, firstMs, factor: 2, maxMs: LONGEST_RETRY_DELAY_MS } as const;
    yield* mapConcurrently(CONCURRENT_REQUESTS, etfs, (etf) => {
      const fetch = async () => readyToStore(etf.id, pricesUntil(etf, await providers.prices(etf, { signal })));
      return retryRequest(fetch, { policy, longestWaitMs: LONGEST_RETRY_DELAY_MS, signal });
    });
  },
  total: async ({ input, asOf, db }) => (input.symbol === undefined ? countEtfsToSync(db, asOf) : 1),
  key: ({ item }) => item.symbol,

  batchOf: ETFS_PER_BATCH,
  weight: ({ answer }) =>
    answer.status === "fulfilled" ? Math.max(1, answer.value.columns.count / POINTS_PER_ETF) : 1,
  async eachBatch(responses, context) {
    const { input, asOf, clock, run, enqueue, transaction } = context;
    const fetched = responses.flatMap(({ item, answer }) =>
      answer.status === "fulfilled" ? [{ item, series: answer.value }] : [],
    );
    const storing = { runId: run.id, asOf, symbol: input.symbol ?? null };
    const continued = await transaction(async (tx) => {
      const { continued: each, newlyHeld } = await continueSeries(
        tx,
        fetched.map(({ series }) => series),
        storing,
      );
      const stored = fetched.filter((_, i) => !each[i]!.isNewScale);
      await noteClosedDays(
        tx,
        stored.map(({ item: { from }, series }) => answeredRange(from, series)),
      );
      await notify(context, tx, suspectNotices(newlyHeld));
      for (const [i, { isNewScale }] of each.entries()) {
        if (isNewScale) await enqueue(tx, "refresh_etf", { symbol: fetched[i]!.item.symbol });
      }
      return each;
    });
    const waits = clock.now().getTime() - asOf.getTime() < LONGEST_WAIT_MS;
    const endOfLate = (error: LatePrice) =>
      waits ? new Snooze(`${pauseMinutes(run.attempt)}m`, error.message) : error;
    const outcomes = new Map(
      fetched.map(({ item, series }, i) => {
        const late = continued[i]!.isNewScale ? undefined : lateness(item, series);
        return [item.id, late ? endOfLate(late) : outcomeOf(continued[i]!)];
      }),
    );
    return responses.map(({ item, answer }) => {
      const outcome = outcomes.get(item.id) ?? asError((answer as PromiseRejectedResult).reason);
      return outcome instanceof LatePrice ? endOfLate(outcome) : outcome;
    });
  },
});

/** Pauses grow, up to an hour: soon after the close a price is a little late, later it is late for long. */
function pauseMinutes(attempt: number): number {
  return Math.min(60, 10 * 2 ** (attempt - 1));
}

function outcomeOf({ inserted, suspect, isNewScale }: Continued): string {
  if (isNewScale) return "to be refreshed";
  if (suspect > 0) return "held back";
  return inserted > 0 ? "updated" : "unchanged";
}
