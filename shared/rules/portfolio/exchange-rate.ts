import { Decimal } from "decimal.js";
import { type CivilDate, isCivilDate } from "../civil-date.ts";
import { isCurrencyCode, isKnownCurrency } from "./currency.ts";

/** What was published for a currency: 1 EUR = `rate` units of `quote`, an exact decimal. */
export interface EuroRate {
  readonly quote: string;
  readonly rate: string;
  readonly date: CivilDate;
}

export interface RateQuestion {
  readonly base: string;
  readonly quote: string;
  readonly date: CivilDate;
}

/** 1 `base` = `rate` units of `quote`, in plain notation. */
export interface ExchangeRate {
  readonly base: string;
  readonly quote: string;
  readonly rate: string;
  /** The day it was published; of a cross rate, the older day of its two. The day asked for where no rate is needed. */
  readonly date: CivilDate;
  /** The published rates that it is made of: none (same currency), one (with EUR) or two. */
  readonly from: readonly EuroRate[];
}

/** A cross rate has this many significant digits; twelve would keep a cent in a billion, the rest is room to multiply on. */
export const CROSS_RATE_DIGITS = 20;

/** Own precision: Decimal's default is shared by the whole process. */
const Exact = Decimal.clone({ precision: CROSS_RATE_DIGITS, rounding: Decimal.ROUND_HALF_EVEN });

/**
 * The rate of one currency in another on a date, or undefined while a published rate that it needs is missing.
 *
 * From EUR it is the published rate, digit for digit. Any other goes by way of the euro, rate(base → quote) =
 * rate(EUR → quote) ÷ rate(EUR → base), rounded once, half to even, to 20 significant digits. Source of the formula:
 * Council Regulation (EC) No 1103/97, article 4(4), conversion by way of the euro.
 *
 * @param inForce for each currency the last rate published on or before the date
 */
export function exchangeRate(
  { base, quote, date }: RateQuestion,
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
 * The last of a currency's points that was published on or before a date: it serves that date, a weekend or holiday too. Undefined
 * before the first. How old it may be is the caller's decision: a currency that ended keeps its last rate for ever.
 *
 * @param points oldest first
 */
export function servingOn<P extends { readonly date: CivilDate }>(
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

export interface QuestionFault {
  readonly field: keyof RateQuestion;
  readonly reason: string;
}

/** What is wrong with the parts of a question that were given; empty when nothing is. */
export function questionFaults(question: { readonly [F in keyof RateQuestion]?: string | undefined }): QuestionFault[] {
  const faults: QuestionFault[] = [];
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
