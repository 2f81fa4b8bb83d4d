import { addDays, type CivilDate, isWeekend } from "../civil-date.ts";
import { type EuroRate, type ExchangeRate, exchangeRate, lastOnOrBefore, type RateRequest } from "./exchange-rate.ts";
import { targetDayOnOrBefore } from "./target-days.ts";
import { unitsFor } from "./valuation.ts";

/**
 * Why a day has no value yet.
 * - `price`: the exchange should have traded, and the close is missing
 * - `suspect`: the close is implausible and held back until another answer or a person decides
 * - `rate`: the ECB published rates for the day, and a needed rate is missing or held back
 * - `contribution`: a contribution of that day or earlier has not bought units yet, so the units are unknown
 * - `adjusted`: the ETF's prices are adjusted for dividends, so they are not the paid prices
 * - `reopened`: the value was final; a request reopened the day
 */
export type PendingReason = "price" | "suspect" | "rate" | "contribution" | "adjusted" | "reopened";

/** Published rates by currency, oldest first. */
export type RatesByQuote = ReadonlyMap<string, readonly EuroRate[]>;

/** After this many weekdays without a price, the app stops waiting: the ETF is no longer traded or fetched. */
const AWAITED_WEEKDAYS = 10;

/**
 * No exchange is closed for more days. A contribution without a price in this time waits: the history has a gap, and
 * the first price after the gap would be wrong.
 */
export const BUYING_DAYS = 10;

/**
 * The rate in force on a date, by way of the euro: of each currency the last rate published on or before the date.
 * Undefined while a rate of a later publication day is missing: an older rate would be wrong.
 */
export function rateInForce(question: RateRequest, rates: RatesByQuote): ExchangeRate | undefined {
  const oldest = targetDayOnOrBefore(question.date);
  const inForce = [question.base, question.quote].flatMap((currency) => {
    const point = lastOnOrBefore(rates.get(currency) ?? [], question.date);
    return point && point.date >= oldest ? [point] : [];
  });
  return exchangeRate(question, inForce);
}

/** Price and rate of a day: the same for all pensions of one currency and one ETF. */
export interface DayQuote {
  readonly date: CivilDate;
  readonly price: string | null;
  readonly rate: string | null;
  /** Null when price and rate are known. */
  readonly pending: PendingReason | null;
}

export interface Priced {
  readonly currency: string;
  readonly series: "raw" | "adjusted";
  /** The newest day with a price. */
  readonly lastPrice: CivilDate;
}

/**
 * Price and rate of a day, as far as known. A day without a price before the newest price is `closed`: the later price
 * shows that the exchange did not trade.
 */
export function quoteOf(
  date: CivilDate,
  {
    etf,
    currency,
    price,
    isHeld = false,
    rates,
  }: {
    etf: Priced;
    currency: string;
    price: string | undefined;
    /** The price of the day is held back as implausible. */
    isHeld?: boolean;
    rates: RatesByQuote;
  },
): DayQuote | "closed" {
  if (price === undefined && isHeld) return { date, price: null, rate: null, pending: "suspect" };
  if (price === undefined && date <= etf.lastPrice) return "closed";
  if (price === undefined) return { date, price: null, rate: null, pending: "price" };
  if (etf.series === "adjusted") return { date, price: null, rate: null, pending: "adjusted" };
  const rate = rateInForce({ base: etf.currency, quote: currency, date }, rates)?.rate ?? null;
  return { date, price, rate, pending: rate === null ? "rate" : null };
}

/** The past weekdays since the newest price, at most ten. */
export function awaitedDays(lastPrice: CivilDate, today: CivilDate): CivilDate[] {
  const days: CivilDate[] = [];
  for (let day = addDays(lastPrice, 1); day < today && days.length < AWAITED_WEEKDAYS; day = addDays(day, 1)) {
    if (!isWeekend(day)) days.push(day);
  }
  return days;
}

export interface Contribution {
  readonly date: CivilDate;
  readonly amount: string;
  readonly currency: string;
}

/** The units that a contribution bought. */
export interface Bought {
  readonly boughtOn: CivilDate;
  readonly price: string;
  readonly rate: string;
  readonly units: string;
}

/**
 * Converts a contribution to units: at the rate of its date, for the close of that day or of the next trading day.
 * @param next the first price on or after the contribution's date
 * @returns null while the price or the rate is missing
 */
export function buy(
  { date, amount, currency }: Contribution,
  { etf, next, rates }: { etf: Priced; next: { date: CivilDate; close: string } | null; rates: RatesByQuote },
): Bought | null {
  if (next === null || next.date > addDays(date, BUYING_DAYS) || etf.series === "adjusted") return null;
  const rate = rateInForce({ base: currency, quote: etf.currency, date }, rates)?.rate;
  if (rate === undefined) return null;
  return { boughtOn: next.date, price: next.close, rate, units: unitsFor({ amount, rate, close: next.close }) };
}
