import { addDays, type CivilDate, isWeekend } from "../civil-date.ts";
import { type EuroRate, type ExchangeRate, exchangeRate, type RateQuestion, servingOn } from "./exchange-rate.ts";
import { targetDayOnOrBefore } from "./target-days.ts";
import { unitsFor } from "./valuation.ts";

/**
 * Why a day has no value yet.
 * - `price`: the exchange should have traded and no close is there
 * - `rate`: the ECB published for the day, and what a rate needs of it is not there
 * - `contribution`: money that came in by then has not bought anything yet, so that the units are not known
 * - `adjusted`: the ETF's prices are adjusted for dividends, so they are not what was paid
 * - `reopened`: it was final until somebody asked for the days to be valued again
 */
export type PendingReason = "price" | "rate" | "contribution" | "adjusted" | "reopened";

/** Published rates by currency, oldest first. */
export type RatesByQuote = ReadonlyMap<string, readonly EuroRate[]>;

/** After this many weekdays without a price none is waited for any more: the ETF is no longer traded, or no longer fetched. */
const AWAITED_WEEKDAYS = 10;

/**
 * No exchange is closed for longer. Money that finds no price in so many days waits: what is missing there is history, and
 * the first price after the hole would be the wrong one.
 */
export const BUYING_DAYS = 10;

/**
 * The rate that values a date, by way of the euro: of each currency the last one published on or before the date. Undefined while
 * a publication that must have come since is not there: then an older rate would be wrong, not late.
 */
export function rateServing(question: RateQuestion, rates: RatesByQuote): ExchangeRate | undefined {
  const oldest = targetDayOnOrBefore(question.date);
  const inForce = [question.base, question.quote].flatMap((currency) => {
    const point = servingOn(rates.get(currency) ?? [], question.date);
    return point && point.date >= oldest ? [point] : [];
  });
  return exchangeRate(question, inForce);
}

/** What decides the value of a day, but for the units: the same for all pensions in one currency on one ETF. */
export interface DayQuote {
  readonly date: CivilDate;
  readonly price: string | null;
  readonly rate: string | null;
  /** Null when both are there. */
  readonly pending: PendingReason | null;
}

export interface Priced {
  readonly currency: string;
  readonly series: "raw" | "adjusted";
  /** The newest day with a price. */
  readonly lastPrice: CivilDate;
}

/**
 * What is known of a day. A day without a price that lies before the newest one is none at all (`closed`): the exchange was
 * shut, and the price that came after proves it.
 */
export function quoteOf(
  date: CivilDate,
  { etf, currency, price, rates }: { etf: Priced; currency: string; price: string | undefined; rates: RatesByQuote },
): DayQuote | "closed" {
  if (price === undefined && date <= etf.lastPrice) return "closed";
  if (price === undefined) return { date, price: null, rate: null, pending: "price" };
  if (etf.series === "adjusted") return { date, price: null, rate: null, pending: "adjusted" };
  const rate = rateServing({ base: etf.currency, quote: currency, date }, rates)?.rate ?? null;
  return { date, price, rate, pending: rate === null ? "rate" : null };
}

/** The weekdays since the newest price that are over and have none: at most ten. */
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

/** A contribution that has become units. */
export interface Bought {
  readonly boughtOn: CivilDate;
  readonly price: string;
  readonly rate: string;
  readonly units: string;
}

/**
 * Turns money into units: at the rate of the contribution's own date, for the close of that day or of the next trading day.
 * @param next the first price on or after the contribution's date
 * @returns null while the price or the rate is not there
 */
export function buy(
  { date, amount, currency }: Contribution,
  { etf, next, rates }: { etf: Priced; next: { date: CivilDate; close: string } | null; rates: RatesByQuote },
): Bought | null {
  if (next === null || next.date > addDays(date, BUYING_DAYS) || etf.series === "adjusted") return null;
  const rate = rateServing({ base: currency, quote: etf.currency, date }, rates)?.rate;
  if (rate === undefined) return null;
  return { boughtOn: next.date, price: next.close, rate, units: unitsFor({ amount, rate, close: next.close }) };
}
