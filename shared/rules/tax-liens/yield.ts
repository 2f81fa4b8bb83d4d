import { Decimal } from "decimal.js";
import { type CivilDate, daysBetween } from "../civil-date.ts";

/** A payment on a day; outgoing payments are negative. */
export interface CashFlow {
  readonly day: CivilDate;
  readonly amount: Decimal.Value;
}

/** The simple annual yield: profit ÷ cost × 365 ÷ days, in percent, rounded to 4 decimals, half up. */
export function simpleAnnualYield(given: { cost: Decimal.Value; profit: Decimal.Value; days: number }): Decimal {
  const { cost, profit, days } = given;
  return new Decimal(profit).div(cost).times(365).div(days).times(100).toDecimalPlaces(4, Decimal.ROUND_HALF_UP);
}

/**
 * The internal rate of return in percent a year, to 4 decimals: the rate at which the present value of the cash flows
 * is 0, Σ amount ÷ (1 + rate)^(days ÷ 365) = 0 (as XIRR). Null when no rate from −99.99 % to 100,000 % solves it.
 *
 * Found by bisection in binary floating point: the result is a root, not an amount of money.
 */
export function internalRateOfReturn(flows: readonly CashFlow[]): number | null {
  const first = flows.reduce((earliest, { day }) => (day < earliest ? day : earliest), flows[0]?.day ?? "");
  const dated = flows.map(({ day, amount }) => ({ years: daysBetween(first, day) / 365, amount: Number(amount) }));
  const worth = (rate: number) => dated.reduce((sum, { years, amount }) => sum + amount / (1 + rate) ** years, 0);
  let [low, high] = [-0.9999, 1_000];
  if (!(worth(low) > 0 && worth(high) < 0)) return null;
  for (let halved = 0; halved < 60; halved += 1) {
    const middle = (low + high) / 2;
    if (worth(middle) > 0) low = middle;
    else high = middle;
  }
  return Math.round(low * 1_000_000) / 10_000;
}
