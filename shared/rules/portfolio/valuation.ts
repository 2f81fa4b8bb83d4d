import { Decimal } from "decimal.js";
import { minorDigits } from "./currency.ts";

/**
 * Decimals of stored units. At a price of up to ten million, the rounding error is less than a thousandth of a cent per
 * contribution.
 */
export const UNIT_DECIMALS = 12;

/** More digits than any product of an amount, a price and a rate: only explicit rounding rounds. */
const Exact = Decimal.clone({ precision: 100, rounding: Decimal.ROUND_HALF_UP });

/** A purchase: the amount, the rate of the contribution's date and the close of the buying day. */
export interface Purchase {
  /** In the contribution's currency. */
  readonly amount: string;
  /** One unit of the contribution's currency in the ETF's currency. */
  readonly rate: string;
  /** In the ETF's currency. */
  readonly close: string;
}

/** Units = amount × rate ÷ close, rounded once, half up, to 12 decimals. */
export function unitsFor({ amount, rate, close }: Purchase): string {
  return new Exact(amount).times(rate).div(close).toFixed(UNIT_DECIMALS);
}

export interface Holding {
  readonly units: string;
  /** The close of the day in the ETF's currency. */
  readonly price: string;
  /** One unit of the ETF's currency in the pension's currency. */
  readonly rate: string;
  /** The pension's currency, which decides the decimals of the value. */
  readonly currency: string;
}

/**
 * Value = units × price × rate, exact, then rounded once to the smallest unit of the currency, half up. Source: Council
 * Regulation (EC) No 1103/97, article 5. PostgreSQL's `round(numeric, n)` does the same for non-negative values, which
 * `valueDays` uses in SQL; a test compares the two.
 */
export function valueOf({ units, price, rate, currency }: Holding): string {
  return new Exact(units).times(price).times(rate).toFixed(minorDigits(currency));
}

/** The exact sum of bought units. */
export function totalUnits(bought: readonly string[]): string {
  return bought.reduce((sum, units) => sum.plus(units), new Exact(0)).toFixed(UNIT_DECIMALS);
}
