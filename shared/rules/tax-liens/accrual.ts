import { Decimal } from "decimal.js";
import { type CivilDate, daysBetween } from "../civil-date.ts";
import { halfYearsBegun, monthsTouched } from "./calendar-months.ts";

export const ACCRUAL_METHODS = [
  "monthly_simple",
  "monthly_simple_minimum",
  "penalty_step",
  "flat_then_step",
  "daily_simple",
] as const;
export type AccrualMethod = (typeof ACCRUAL_METHODS)[number];

/** Money in dollars, rates in percent: `16` is 16 %. */
export interface AccrualTerms {
  /** The amount that bears interest: the face amount of the certificate. */
  readonly principal: Amount;
  /** Percent a year. Not used by `penalty_step` and `flat_then_step`. */
  readonly annualRate?: Amount;
  /** Only for `penalty_step`, which requires it: percent for each half-year. */
  readonly bidPenalty?: Amount;
  /** Only for `flat_then_step`: the minimum bid of the sale. Default: the principal. */
  readonly minimumBid?: Amount;
  /** Only for `flat_then_step`: the amount paid above the minimum bid. Default 0. */
  readonly overbid?: Amount;
  /** First day of accrual: the day of the sale or of the purchase. */
  readonly from: CivilDate;
  /** Last day of accrual: the day of redemption or of the report. */
  readonly until: CivilDate;
}
export type Amount = Decimal.Value;

/** More digits than any of the products: only explicit rounding rounds. */
const Exact = Decimal.clone({ precision: 60, rounding: Decimal.ROUND_HALF_UP });

/**
 * The interest of a lien from one day until another, without the principal.
 *
 * | method | formula |
 * |---|---|
 * | `monthly_simple` | principal × rate × calendar months ÷ 12; the first and the last month count in full |
 * | `monthly_simple_minimum` | the same, at least 5 % of the principal; 0 for a rate of 0 % |
 * | `penalty_step` | principal × penalty × started six-month periods |
 * | `flat_then_step` | 10 % of the minimum bid up to six months, 15 % after; 5 % a year (actual/365) on the overbid |
 * | `daily_simple` | principal × rate × days ÷ 365; leap days count, the year stays 365 |
 *
 * The day six months after the start belongs to the first period. Exact, then rounded once to the cent, half up.
 * Sources of the formulas: `rule-sets.ts`.
 * @throws RangeError when a needed figure is missing or negative, or `until` is before `from`
 */
export function accrued(method: AccrualMethod, terms: AccrualTerms): Decimal {
  const { from, until } = terms;
  if (until < from) throw new RangeError(`expected until on or after from (${from}), got ${until}`);
  return FORMULAS[method](terms).toDecimalPlaces(2);
}

const FORMULAS: Readonly<Record<AccrualMethod, (terms: AccrualTerms) => Decimal>> = {
  monthly_simple: monthly,

  monthly_simple_minimum(terms) {
    const rate = percent("annualRate", terms.annualRate);
    const least = rate.isZero() ? rate : money("principal", terms.principal).times("0.05");
    return Exact.max(monthly(terms), least);
  },

  penalty_step: ({ principal, bidPenalty, from, until }) =>
    money("principal", principal).times(percent("bidPenalty", bidPenalty)).times(halfYearsBegun(from, until)),

  flat_then_step({ principal, minimumBid = principal, overbid = 0, from, until }) {
    const premium = halfYearsBegun(from, until) === 1 ? "0.10" : "0.15";
    const onOverbid = money("overbid", overbid).times("0.05").times(daysBetween(from, until)).div(365);
    return money("minimumBid", minimumBid).times(premium).plus(onOverbid);
  },

  daily_simple: ({ principal, annualRate, from, until }) =>
    money("principal", principal).times(percent("annualRate", annualRate)).times(daysBetween(from, until)).div(365),
};

function monthly({ principal, annualRate, from, until }: AccrualTerms): Decimal {
  const months = monthsTouched(from, until);
  return money("principal", principal).times(percent("annualRate", annualRate)).times(months).div(12);
}

function percent(name: keyof AccrualTerms, given: Amount | undefined): Decimal {
  return money(name, given).div(100);
}

function money(name: keyof AccrualTerms, given: Amount | undefined): Decimal {
  if (given === undefined) throw new RangeError(`expected ${name}, got none`);
  const amount = new Exact(given);
  if (!amount.isFinite() || amount.isNegative()) {
    throw new RangeError(`expected ${name} as a number that is not negative, got ${amount.toString()}`);
  }
  return amount;
}
