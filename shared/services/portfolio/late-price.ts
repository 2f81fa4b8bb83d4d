import { extentIn } from "#data/portfolio/price-columns.ts";
import type { AnsweredRange } from "#data/portfolio/price-gaps.ts";
import type { PriceSeries } from "#providers/etf-provider.ts";
import type { CivilDate } from "#rules/civil-date.ts";
import type { EtfToSync } from "./etfs-to-sync.ts";
import type { FetchedSeries } from "./store-prices.ts";

/** The source does not have the price of a day that is over. Not retried at once: the run waits, or the ETF fails. */
export class LatePrice extends Error {
  override name = "LatePrice";
  readonly errorClass = "validation";
  constructor(source: string, expected: CivilDate, newest: CivilDate | undefined) {
    super(`${source} has no price of ${expected} yet${newest === undefined ? "" : `, the newest one is of ${newest}`}`);
  }
}

/** The prices of the days that belong to the run. @throws LatePrice when there are none */
export function pricesUntil({ until }: EtfToSync, series: PriceSeries): PriceSeries {
  if (until === null || series.points.at(-1)!.date <= until) return series;
  const points = series.points.filter(({ date }) => date <= until);
  if (points.length === 0) throw new LatePrice(series.source, until, undefined);
  return { ...series, points };
}

/** Why the series is late; undefined when it has the expected day, or no day is expected. */
export function lateness({ expected }: EtfToSync, series: FetchedSeries): LatePrice | undefined {
  const { last } = extentIn(series.columns);
  return expected !== null && last < expected ? new LatePrice(series.source, expected, last) : undefined;
}

/** The range of days that the source has answered. @param from the first day that was asked for; null for all */
export function answeredRange(from: CivilDate | null, { etfId, columns }: FetchedSeries): AnsweredRange {
  return { etfId, from, ...extentIn(columns) };
}
