import { BUYING_DAYS, type PendingReason } from "./valuation-days.ts";

/** Why days have no value yet, and what brings it, in a sentence for the pension's owner. */
export function pendingReasonText(
  reason: PendingReason,
  { currency, etf }: { currency: string; etf: { symbol: string; currency: string | null } },
): string {
  switch (reason) {
    case "price":
      return `there is no close of ${etf.symbol} yet: the next price of the exchange brings the value, or shows that it was closed`;
    case "rate":
      return `no rate from ${etf.currency ?? "the ETF's currency"} to ${currency} of these days is stored: run sync_fx_historical if it was published`;
    case "contribution":
      return `money came in that has not bought units yet: its exchange rate is missing, or a price within ${BUYING_DAYS} days`;
    case "adjusted":
      return `the stored prices of ${etf.symbol} are adjusted for dividends, so they are not what was paid`;
    case "reopened":
      return "they were final and are about to be valued again";
  }
}
