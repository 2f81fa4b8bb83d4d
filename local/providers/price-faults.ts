import type { SampleBar } from "./sample-prices.ts";

/**
 * Content faults that every price provider has, in its newest days: a price of zero, a negative price, a price that is
 * no number (`bad-price`), a high below the low, a duplicate day, a day in the future, no days. `rescaled`: every price
 * divided by four, as after a split.
 */
export type PriceFault =
  | "zero-price"
  | "negative-price"
  | "bad-price"
  | "high-below-low"
  | "duplicate-date"
  | "future-date"
  | "empty-series"
  | "rescaled";

/** The bars with the fault applied, oldest first. */
export function barsWithFault(bars: readonly SampleBar[], kind: string | undefined): SampleBar[] {
  const last = bars.at(-2) ?? bars.at(-1);
  const withLast = (change: Partial<SampleBar>) => bars.map((bar) => (bar === last ? { ...bar, ...change } : bar));
  switch (kind as PriceFault | undefined) {
    case "zero-price":
      return withLast({ close: "0" });
    case "negative-price":
      return withLast({ close: "-1.5" });
    case "bad-price":
      return withLast({ close: "NaN" });
    case "high-below-low":
      return withLast({ high: "1.00", low: "2.00" });
    case "duplicate-date":
      return last ? [...bars, last] : [];
    case "future-date":
      return [...bars, ...(last ? [{ ...last, date: "2100-01-04" }] : [])];
    case "empty-series":
      return [];
    case "rescaled":
      return bars.map((bar) => ({
        ...bar,
        open: quarter(bar.open),
        high: quarter(bar.high),
        low: quarter(bar.low),
        close: quarter(bar.close),
        adjustedClose: quarter(bar.adjustedClose),
      }));
    default:
      return [...bars];
  }
}

function quarter(price: string | null): string | null {
  return price === null ? null : (Number(price) / 4).toFixed(4);
}
