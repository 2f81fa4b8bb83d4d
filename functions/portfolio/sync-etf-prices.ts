import { z } from "zod";
import { recentCloses } from "../../shared/data/portfolio/etf-prices.ts";
import type { Etf } from "../../shared/data/portfolio/etf-schema.ts";
import { trackEtfRun } from "../../shared/data/portfolio/etf-updates.ts";
import { etfsToSync } from "../../shared/data/portfolio/etfs.ts";
import { defineJob } from "../../shared/jobs/define-job.ts";
import { internet } from "../../shared/jobs/gates.ts";
import { exponential } from "../../shared/jobs/retry.ts";
import { schedule } from "../../shared/jobs/schedule/index.ts";
import { ahead } from "../../shared/providers/ahead.ts";
import { askAgain } from "../../shared/providers/ask-again.ts";
import { etfProviders } from "../../shared/providers/etf-providers.ts";
import { portfolio } from "../families.ts";
import { etfSymbol, knownEtf } from "./known-etf.ts";
import { continueSeries, OVERLAP_DAYS } from "./store-prices.ts";

/** Questions that are under way at a time: the services are free ones, and want few. */
const QUESTIONS_AT_A_TIME = 4;
const LONGEST_RETRY_DELAY_MS = 60_000;

/**
 * Brings in the newest prices of the ETFs in use, each from its last stored day on, in a transaction of its own. Twice is safe:
 * a day that exists stays as it is, and a run that is tried again goes on with the ETFs that are not done.
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
    const providers = etfProviders(settings, log);
    const { ETF_RETRY_DELAY: firstMs } = settings;
    const policy = { kind: "exponential", retries: 3, firstMs, factor: 2, maxMs: LONGEST_RETRY_DELAY_MS } as const;
    const newest = async ({ id, symbol, series, currency }: Etf) => {
      const [first] = await recentCloses(db, id, OVERLAP_DAYS);
      const question = { symbol, from: first?.date ?? null, series, currency };
      const ask = () => providers.prices(question, { signal });
      return askAgain(ask, { policy, longestWaitMs: LONGEST_RETRY_DELAY_MS, signal });
    };
    const etfs = input.symbol === undefined ? await etfsToSync(db, asOf) : [await knownEtf(db, input.symbol)];
    yield* ahead(QUESTIONS_AT_A_TIME, etfs, newest);
  },
  total: async ({ input, asOf, db }) => (input.symbol === undefined ? (await etfsToSync(db, asOf)).length : 1),
  key: ({ item }) => item.symbol,

  async each({ item: { id, symbol }, answer }, { input, asOf, run, enqueue, transaction }) {
    if (answer.status === "rejected") throw answer.reason;
    return transaction(async (tx) => {
      const storing = { runId: run.id, asOf, asked: input.symbol ?? null };
      const { inserted, isNewScale } = await continueSeries(tx, id, answer.value, storing);
      if (isNewScale) await enqueue(tx, "refresh_etf", { symbol });
      return isNewScale ? "to be refreshed" : inserted > 0 ? "updated" : "unchanged";
    });
  },
});
