import type { SampleBar } from "./sample-prices.ts";

/**
 * Content faults that every price provider has, in its newest days: a price of zero, a negative price, a price that is
 * no number (`bad-price`), a high below the low, an open, high and low of zero (`zero-range`), a duplicate day, the
 * last day twice (`repeated-last`, the first with an older price), a day in the future, no days. `rescaled`: every
 * price divided by four, as after a split. `hundredth`: the newest day in pounds among pence. `dropped`: 30 % lower
 * from SPLIT_DAY on. `split-late`, `split-late-unstated`: a tenth from SPLIT_DAY on, the earlier days not adjusted yet;
 * `split-adjusted`: every day a tenth. All but `split-late-unstated` state the split where the format has splits.
 */
export type PriceFault =
  | "zero-price"
  | "negative-price"
  | "bad-price"
  | "high-below-low"
  | "zero-range"
  | "duplicate-date"
  | "repeated-last"
  | "future-date"
  | "empty-series"
  | "rescaled"
  | "hundredth"
  | "dropped"
  | "split-late"
  | "split-late-unstated"
  | "split-adjusted";

/** The first day of faults that begin in the past. */
export const SPLIT_DAY = "2026-04-09";

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
    case "zero-range":
      return withLast({ open: "0", high: "0", low: "0" });
    case "duplicate-date":
      return last ? [...bars, last] : [];
    case "repeated-last":
      return bars.flatMap((bar) => (bar === bars.at(-1) ? [scaled(bar, 0.99), bar] : [bar]));
    case "future-date":
      return [...bars, ...(last ? [{ ...last, date: "2100-01-04" }] : [])];
    case "empty-series":
      return [];
    case "rescaled":
      return bars.map((bar) => scaled(bar, 0.25));
    case "hundredth":
      return bars.map((bar) => (bar === bars.at(-1) ? scaled(bar, 0.01) : bar));
    case "dropped":
      return bars.map((bar) => (bar.date >= SPLIT_DAY ? scaled(bar, 0.7) : bar));
    case "split-late":
    case "split-late-unstated":
      return bars.map((bar) => (bar.date >= SPLIT_DAY ? scaled(bar, 0.1) : bar));
    case "split-adjusted":
      return bars.map((bar) => scaled(bar, 0.1));
    default:
      return [...bars];
  }
}

function scaled(bar: SampleBar, factor: number): SampleBar {
  const price = (value: string | null) => (value === null ? null : (Number(value) * factor).toFixed(6));
  const { open, high, low, close, adjustedClose } = bar;
  return {
    ...bar,
    open: price(open),
    high: price(high),
    low: price(low),
    close: price(close),
    adjustedClose: price(adjustedClose),
  };
}
