import { asError, defineJob, exponential, internet, schedule, z } from "#jobs";
import { overlapStarts } from "#data/portfolio/etf-prices.ts";
import { trackEtfRun } from "#data/portfolio/etf-updates.ts";
import { countEtfsToSync, etfsToSync } from "#data/portfolio/etfs.ts";
import { mapConcurrently } from "#providers/map-concurrently.ts";
import { retryRequest } from "#providers/retry-request.ts";
import { etfProviders } from "#providers/etf-providers.ts";
import { portfolio } from "../../families.ts";
import { etfSymbol, knownEtf } from "./known-etf.ts";
import { type Continued, continueSeries, OVERLAP_DAYS, readyToStore } from "./store-prices.ts";

/** Questions that are under way at a time: the services are free ones, and want few. */
const QUESTIONS_AT_A_TIME = 4;
const LONGEST_RETRY_DELAY_MS = 60_000;
/** ETFs of one transaction, where each has at most so many points: together a few megabytes, however long their histories are. */
const ETFS_AT_ONCE = 50;
const POINTS_EACH = 250;

/**
 * Brings in the newest prices of the ETFs in use, each from its last stored day on. An ETF whose answer is bad or whose prices the
 * database refuses fails alone. Twice is safe: a day that exists stays as it is, and a run that is tried again goes on with the
 * ETFs that are not done.
 */
export const syncEtfPrices = defineJob({
  id: "sync_etf_prices",
  family: portfolio,
  summary: "Fetch the newest prices of all ETFs in use",
  // Half an hour after the close in New York, and five hours after those in Europe.
  on: schedule("0 30 22 * * *", "Europe/Berlin"),
  input: z.strictObject({ symbol: etfSymbol.optional() }),
  retry: exponential({ retries: 4, first: "1m", max: "30m" }),
  timeout: "1h",
  concurrency: ({ symbol }) => symbol ?? "",
  gates: [internet],
  then: ["retry_pending_etf_valuations"],
  tolerate: "50%",
  onTransition: (tx, run) => trackEtfRun(tx, "sync", run),

  async *items({ input, asOf, db, settings, signal, log }) {
    const etfs = input.symbol === undefined ? await etfsToSync(db, asOf) : [await knownEtf(db, input.symbol)];
    const starts = await overlapStarts(
      db,
      etfs.map(({ id }) => id),
      OVERLAP_DAYS,
    );
    const providers = etfProviders(settings, log);
    const { ETF_RETRY_DELAY: firstMs } = settings;
    const policy = { kind: "exponential", retries: 3, firstMs, factor: 2, maxMs: LONGEST_RETRY_DELAY_MS } as const;
    yield* mapConcurrently(QUESTIONS_AT_A_TIME, etfs, ({ id, symbol, series, currency }) => {
      const question = { symbol, from: starts.get(id) ?? null, series, currency };
      const ask = async () => readyToStore(id, await providers.prices(question, { signal }));
      return retryRequest(ask, { policy, longestWaitMs: LONGEST_RETRY_DELAY_MS, signal });
    });
  },
  total: async ({ input, asOf, db }) => (input.symbol === undefined ? countEtfsToSync(db, asOf) : 1),
  key: ({ item }) => item.symbol,

  batchOf: ETFS_AT_ONCE,
  weight: ({ answer }) => (answer.status === "fulfilled" ? Math.max(1, answer.value.columns.count / POINTS_EACH) : 1),
  async eachBatch(asked, { input, asOf, run, enqueue, transaction }) {
    const fetched = asked.flatMap(({ item: { symbol }, answer }) =>
      answer.status === "fulfilled" ? [{ symbol, ...answer.value }] : [],
    );
    const storing = { runId: run.id, asOf, asked: input.symbol ?? null };
    const continued = await transaction(async (tx) => {
      const each = await continueSeries(tx, fetched, storing);
      for (const [place, { isNewScale }] of each.entries()) {
        if (isNewScale) await enqueue(tx, "refresh_etf", { symbol: fetched[place]!.symbol });
      }
      return each;
    });
    const outcomes = new Map(fetched.map(({ etfId }, place) => [etfId, outcomeOf(continued[place]!)]));
    return asked.map(({ item, answer }) => outcomes.get(item.id) ?? asError((answer as PromiseRejectedResult).reason));
  },
});

function outcomeOf({ inserted, isNewScale }: Continued): string {
  if (isNewScale) return "to be refreshed";
  return inserted > 0 ? "updated" : "unchanged";
}
