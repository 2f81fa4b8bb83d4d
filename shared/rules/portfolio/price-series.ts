import { Decimal } from "decimal.js";
import { type CivilDate, daysBetween, isCivilDate } from "../civil-date.ts";

/** How a series of prices stands to what was paid on the day: `raw` but for splits, or `adjusted` for dividends as well. */
export type SeriesKind = "raw" | "adjusted";

/** One trading day; exact decimals as the source printed them. */
export interface PricePoint {
  readonly date: string;
  readonly open: string | null;
  readonly high: string | null;
  readonly low: string | null;
  readonly close: string;
  readonly adjustedClose: string | null;
  readonly volume: string | null;
}

/** What a source says about an ETF together with its prices. */
export interface EtfFacts {
  /** Of the prices, in whole units: pounds where the exchange quotes pence. */
  readonly currency: string;
  readonly series: SeriesKind;
  readonly name: string | null;
  readonly exchange: string | null;
}

/** What is wrong with a price series, oldest point first; undefined when nothing is. `today` is the exchange's. */
export function seriesFault(points: readonly PricePoint[], today: CivilDate): string | undefined {
  let before = "";
  for (const point of points) {
    const { date, high, low } = point;
    if (!isCivilDate(date)) return `has a day "${date.slice(0, 40)}", expected YYYY-MM-DD`;
    if (date > today) return `has a price for ${date}, which is in the future (there it is ${today})`;
    if (date === before) return `has ${date} twice`;
    for (const name of PRICES) {
      const price = point[name];
      if (price !== null && !isPositiveDecimal(price))
        return `has ${shown(price)} as ${NAMES[name]} on ${date}, ${EXPECTED}`;
    }
    if (point.volume !== null && !isDecimal(point.volume)) return `has ${shown(point.volume)} as volume on ${date}`;
    if (high !== null && low !== null && isLess(high, low)) {
      return `has a high of ${high} below the low of ${low} on ${date}`;
    }
    before = date;
  }
  return undefined;
}

const PRICES = ["open", "high", "low", "close", "adjustedClose"] as const;
const NAMES = { open: "open", high: "high", low: "low", close: "close", adjustedClose: "adjusted close" } as const;
const EXPECTED = "expected a positive decimal";

/** A fund does not do this in a day; a split does. */
const SPLIT_RATIO = 1.45;

/** The first day whose close stands to the one before as a split would have it; undefined when there is none. */
export function splitSuspect(points: readonly PricePoint[]): CivilDate | undefined {
  const suspect = points.find((point, index) => {
    const before = points[index - 1];
    return before !== undefined && ratio(point.close, before.close) >= SPLIT_RATIO;
  });
  return suspect?.date;
}

/** How far the same day's close may move and the series still be the one that is stored: corrections are small, and splits are not. */
export const SAME_SCALE: Readonly<Record<SeriesKind, number>> = { raw: 1.05, adjusted: 1.0005 };

/**
 * Whether fetched prices continue stored ones. A split changes every earlier price of a series, and of an adjusted one each
 * dividend does: what comes after must not be put beside what was stored before. Told by the days that both have.
 */
export function isSameScale(
  kind: SeriesKind,
  stored: readonly { readonly date: CivilDate; readonly close: string }[],
  fetched: readonly { readonly date: CivilDate; readonly close: string }[],
): boolean {
  const closes = new Map(stored.map(({ date, close }) => [date, close]));
  const last = fetched.findLast(({ date }) => closes.has(date));
  return last === undefined || ratio(last.close, closes.get(last.date)!) <= SAME_SCALE[kind];
}

/** Days by which a series that replaces another may begin later or end earlier: a weekend and holidays. */
const REACH_DAYS = 7;

/** Whether a series reaches as far back and forth as the stored one: what is replaced whole must not lose years. */
export function covers(
  points: readonly { readonly date: CivilDate }[],
  stored: { readonly first: CivilDate; readonly last: CivilDate },
): boolean {
  const [first, last] = [points[0]?.date, points.at(-1)?.date];
  if (first === undefined || last === undefined) return false;
  return daysBetween(stored.first, first) <= REACH_DAYS && daysBetween(last, stored.last) <= REACH_DAYS;
}

/** Exact; rounding to a JavaScript number never turns an order round, so most pairs are decided by that. */
function isLess(one: string, other: string): boolean {
  return Number(one) <= Number(other) && new Decimal(one).lt(other);
}

/** At least 1, whichever is larger. */
function ratio(one: string, other: string): number {
  const quotient = new Decimal(one).div(other).toNumber();
  return quotient < 1 ? 1 / quotient : quotient;
}

function isDecimal(text: string): boolean {
  return /^\d{1,18}(\.\d{1,40})?$/.test(text);
}

function isPositiveDecimal(text: string): boolean {
  return /^(?=[0.]*[1-9])\d{1,18}(\.\d{1,40})?$/.test(text);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
