import type { PricePoint } from "./etf-prices.ts";

/**
 * The points of one series as columns, each the inside of a PostgreSQL array literal. Prefetched series are so a few
 * texts each instead of thousands of points, which would burden the garbage collector.
 */
export type PriceColumns = Readonly<Record<keyof PricePoint, string>> & { readonly count: number };

/** Decimals and YYYY-MM-DD need no quotes; null becomes NULL. */
export function columnsOf(points: readonly PricePoint[]): PriceColumns {
  const column = (name: keyof PricePoint) => points.map((point) => point[name] ?? "NULL").join(",");
  return {
    count: points.length,
    date: column("date"),
    open: column("open"),
    high: column("high"),
    low: column("low"),
    close: column("close"),
    adjustedClose: column("adjustedClose"),
    volume: column("volume"),
  };
}

/** The days and closes of the columns, in their order. */
export function closesIn({ count, date, close }: PriceColumns): { date: string; close: string }[] {
  if (count === 0) return [];
  const closes = close.split(",");
  return date.split(",").map((day, index) => ({ date: day, close: closes[index]! }));
}

/** The first and the last day of the columns, which are oldest first and not empty. */
export function extentIn({ date }: PriceColumns): { first: string; last: string } {
  return { first: date.slice(0, "YYYY-MM-DD".length), last: date.slice(-"YYYY-MM-DD".length) };
}

/** The points of the columns, in their order. */
export function pointsIn(columns: PriceColumns): PricePoint[] {
  if (columns.count === 0) return [];
  const cells = (name: keyof PricePoint) => columns[name].split(",").map((text) => (text === "NULL" ? null : text));
  const [open, high, low, adjusted, volume] = [
    cells("open"),
    cells("high"),
    cells("low"),
    cells("adjustedClose"),
    cells("volume"),
  ];
  return closesIn(columns).map(({ date, close }, i) => ({
    date,
    open: open[i]!,
    high: high[i]!,
    low: low[i]!,
    close,
    adjustedClose: adjusted[i]!,
    volume: volume[i]!,
  }));
}
