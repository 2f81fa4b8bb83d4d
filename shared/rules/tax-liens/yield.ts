import { Decimal } from "decimal.js";
import { type CivilDate, daysBetween } from "../civil-date.ts";

/** Money on a day: what is paid is negative. */
export interface CashFlow {
  readonly day: CivilDate;
  readonly amount: Decimal.Value;
}

/** Profit ÷ cost × 365 ÷ days, in percent, rounded to 4 decimals, half up. */
export function simpleAnnualYield(given: { cost: Decimal.Value; profit: Decimal.Value; days: number }): Decimal {
  const { cost, profit, days } = given;
  return new Decimal(profit).div(cost).times(365).div(days).times(100).toDecimalPlaces(4, Decimal.ROUND_HALF_UP);
}

/**
 * The rate a year, in percent to 4 decimals, at which dated cash flows are worth nothing on the first one's day:
 * Σ amount ÷ (1 + rate)^(days ÷ 365) = 0. Null where none from −99.99 % to 100,000 % does that.
 *
 * Found by halving, in binary floating point: it is a root and no amount of money.
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
