import { judgeSeries, type SeriesContext, type SeriesValue, type Verdict } from "./plausibility.ts";
import { ETF_CLOSES } from "./plausibility-limits.ts";
import { contradictions } from "./price-bar.ts";
import type { PricePoint } from "./price-series.ts";

/** A trading day to judge, or a stored close beside it. */
export interface JudgedDay extends Pick<SeriesValue, "trust"> {
  readonly point: PricePoint;
}

/** Judges the closes of one ETF, oldest first. */
export function judgePrices(
  days: readonly JudgedDay[],
  { market, sameAs }: Pick<SeriesContext, "market" | "sameAs"> = {},
): Verdict[] {
  const contradicting = contradictions(days.map(({ point }) => point));
  const values = days.map(({ point: { date, close }, trust }, index) => ({
    date,
    value: close,
    trust,
    contradiction: contradicting[index],
  }));
  return judgeSeries(values, { limits: ETF_CLOSES, what: "close", market, sameAs });
}
