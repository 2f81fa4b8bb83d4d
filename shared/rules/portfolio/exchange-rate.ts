import { Decimal } from "decimal.js";
import { type CivilDate, isCivilDate } from "../civil-date.ts";
import { isCurrencyCode, isKnownCurrency } from "./currency.ts";

/** A published rate: 1 EUR = `rate` units of `quote`, an exact decimal. */
export interface EuroRate {
  readonly quote: string;
  readonly rate: string;
  readonly date: CivilDate;
}

export interface RateRequest {
  readonly base: string;
  readonly quote: string;
  readonly date: CivilDate;
}

/** 1 `base` = `rate` units of `quote`, in plain notation. */
export interface ExchangeRate {
  readonly base: string;
  readonly quote: string;
  readonly rate: string;
  /** The day of publication; for a cross rate the older one of two; the requested day when base and quote are equal. */
  readonly date: CivilDate;
  /** The published rates it is computed from: none (same currency), one (with EUR) or two. */
  readonly from: readonly EuroRate[];
}

/** Significant digits of a cross rate: twelve are exact to a cent in a billion, the others leave room for products. */
export const CROSS_RATE_DIGITS = 20;

/** Own precision: Decimal's default is shared by the whole process. */
const Exact = Decimal.clone({ precision: CROSS_RATE_DIGITS, rounding: Decimal.ROUND_HALF_EVEN });

/**
 * The rate of one currency in another on a date; undefined while a needed rate is missing.
 *
 * From EUR it is the published rate, digit for digit. Other pairs are converted by way of the euro, rate(base → quote)
 * = rate(EUR → quote) ÷ rate(EUR → base), rounded once, half to even, to 20 significant digits. Source of the formula:
 * Council Regulation (EC) No 1103/97, article 4(4), conversion by way of the euro.
 *
 * @param inForce the last rate of each currency that was published on or before the date
 */
export function exchangeRate(
  { base, quote, date }: RateRequest,
  inForce: readonly EuroRate[],
): ExchangeRate | undefined {
  if (base === quote) return { base, quote, rate: "1", date, from: [] };
  const perEuro = (currency: string) => inForce.find((rate) => rate.quote === currency);

  const up = perEuro(quote);
  if (base === "EUR") return up && { base, quote, rate: up.rate, date: up.date, from: [up] };
  const down = perEuro(base);
  if (!down) return undefined;
  if (quote === "EUR") return { base, quote, rate: quotient("1", down.rate), date: down.date, from: [down] };
  if (!up) return undefined;
  const older = up.date < down.date ? up.date : down.date;
  return { base, quote, rate: quotient(up.rate, down.rate), date: older, from: [down, up] };
}

/**
 * The last point of a currency on or before a date, which is in force on weekends and holidays too. Undefined before
 * the first point. The caller decides how old it may be: an ended currency keeps its last rate for ever.
 *
 * @param points oldest first
 */
export function lastOnOrBefore<P extends { readonly date: CivilDate }>(
  points: readonly P[],
  date: CivilDate,
): P | undefined {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle] as P).date <= date) low = middle + 1;
    else high = middle;
  }
  return points[low - 1];
}

export interface RateRequestFault {
  readonly field: keyof RateRequest;
  readonly reason: string;
}

/** The faults of the given fields of a rate request; empty when they are valid. */
export function rateRequestFaults(question: {
  readonly [F in keyof RateRequest]?: string | undefined;
}): RateRequestFault[] {
  const faults: RateRequestFault[] = [];
  for (const field of ["base", "quote"] as const) {
    const code = question[field];
    if (code === undefined) continue;
    const got = JSON.stringify(code.slice(0, 40));
    if (!isCurrencyCode(code)) faults.push({ field, reason: `expected a currency code such as "USD", got ${got}` });
    else if (!isKnownCurrency(code)) faults.push({ field, reason: `expected a currency of ISO 4217, got ${got}` });
  }
  const { date } = question;
  if (date !== undefined && !isCivilDate(date)) {
    faults.push({
      field: "date",
      reason: `expected a date that exists, as YYYY-MM-DD, got ${JSON.stringify(date.slice(0, 40))}`,
    });
  }
  return faults;
}

function quotient(dividend: string, divisor: string): string {
  return new Exact(dividend).div(divisor).toFixed();
}
