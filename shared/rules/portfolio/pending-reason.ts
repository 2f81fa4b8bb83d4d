import { BUYING_DAYS, type PendingReason } from "./valuation-days.ts";

/** Why days have no value yet and what resolves it, in a sentence for the owner of the pension. */
export function pendingReasonText(
  reason: PendingReason,
  { currency, etf }: { currency: string; etf: { symbol: string; currency: string | null } },
): string {
  switch (reason) {
    case "price":
      return `there is no close of ${etf.symbol} yet: the next price gives the value, or shows that the exchange was closed`;
    case "suspect":
      return `a close of ${etf.symbol} is implausible and held back: GET api/v1/suspect-points shows why; the next answer or a person decides`;
    case "rate":
      return `no rate from ${etf.currency ?? "the ETF's currency"} to ${currency} is stored for these days: run sync_fx_historical if it was published`;
    case "contribution":
      return `a contribution has not bought units yet: its exchange rate is missing, or a price within ${BUYING_DAYS} days`;
    case "adjusted":
      return `the stored prices of ${etf.symbol} are adjusted for dividends, so they are not the paid prices`;
    case "reopened":
      return "the days were final and will be valued again";
  }
}
