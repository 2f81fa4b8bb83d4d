import type { PricePoint } from "./etf-prices.ts";

/**
 * The points of one series, a text a column as it stands within a PostgreSQL array. What waits for its transaction as that is a few
 * texts: thousands of points, seven texts each, are what the garbage collector would otherwise carry along.
 */
export type PriceColumns = Readonly<Record<keyof PricePoint, string>> & { readonly count: number };

/** Prices are plain decimals and days are YYYY-MM-DD, so nothing needs quotes; null is NULL. */
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

/** The days of some columns with their closes, oldest first as they were given. */
export function closesIn({ count, date, close }: PriceColumns): { date: string; close: string }[] {
  if (count === 0) return [];
  const closes = close.split(",");
  return date.split(",").map((day, place) => ({ date: day, close: closes[place]! }));
}
