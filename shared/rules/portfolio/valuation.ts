import { Decimal } from "decimal.js";
import { minorDigits } from "./currency.ts";

/**
 * Units are kept to this many decimals: at a price of up to ten million, what that leaves out of a holding is less than a
 * thousandth of a cent for each contribution.
 */
export const UNIT_DECIMALS = 12;

/** More digits than any product of an amount, a price and a rate has: nothing is rounded but where it says so. */
const Exact = Decimal.clone({ precision: 100, rounding: Decimal.ROUND_HALF_UP });

/** What a contribution bought: the rate of its own date, the close of its buying day. */
export interface Purchase {
  /** In the contribution's currency. */
  readonly amount: string;
  /** 1 of the contribution's currency in the ETF's. */
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
  /** Close of the day in the ETF's currency. */
  readonly price: string;
  /** 1 of the ETF's currency in the pension's. */
  readonly rate: string;
  /** The pension's currency: says how many decimals its money has. */
  readonly currency: string;
}

/**
 * Value = units × price × rate, exact, then rounded once to the smallest unit of the currency; exactly half-way goes up.
 * Source: Council Regulation (EC) No 1103/97, article 5. PostgreSQL's `round(numeric, n)` does the same for what is not
 * negative, which lets `valueDays` do this by the set; a test holds the two together.
 */
export function valueOf({ units, price, rate, currency }: Holding): string {
  return new Exact(units).times(price).times(rate).toFixed(minorDigits(currency));
}

/** The sum of what was bought, exact. */
export function totalUnits(bought: readonly string[]): string {
  return bought.reduce((sum, units) => sum.plus(units), new Exact(0)).toFixed(UNIT_DECIMALS);
}
