import { Decimal } from "decimal.js";
import { type CivilDate, daysBetween, isCivilDate } from "../civil-date.ts";

/** The adjustment of a price series: `raw` is adjusted for splits only, `adjusted` for dividends as well. */
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

/** The facts about an ETF that a source sends with its prices. */
export interface EtfFacts {
  /** Currency of the prices, in whole units: pounds when the exchange quotes pence. */
  readonly currency: string;
  readonly series: SeriesKind;
  readonly name: string | null;
  readonly exchange: string | null;
}

/** The first fault of a price series, oldest point first; undefined when it is valid. @param today at the exchange */
export function seriesFault(points: readonly PricePoint[], today: CivilDate): string | undefined {
  let before = "";
  for (const point of points) {
    const { date, high, low } = point;
    if (!isCivilDate(date)) return `has a day "${date.slice(0, 40)}", expected YYYY-MM-DD`;
    if (date > today) return `has a price for ${date}, which is in the future (today at the exchange is ${today})`;
    if (date === before) return `has ${date} twice`;
    for (const name of PRICES) {
      const price = point[name];
      // A close of zero or below is a number: the plausibility rules hold its day back.
      const isFault =
        name === "close" ? !isDecimal(price!.replace(/^-/, "")) : price !== null && !isPositiveDecimal(price);
      if (isFault) return `has ${shown(price!)} as ${NAMES[name]} on ${date}, ${EXPECTED}`;
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

/** A fund does not change by this ratio in a day; a split does. */
const SPLIT_RATIO = 1.45;

/** The first day whose close changed as by a split; undefined when there is none. */
export function splitSuspect(points: readonly PricePoint[]): CivilDate | undefined {
  const suspect = points.find((point, index) => {
    const before = points[index - 1];
    return (
      before !== undefined &&
      Number(point.close) > 0 &&
      Number(before.close) > 0 &&
      ratio(point.close, before.close) >= SPLIT_RATIO
    );
  });
  return suspect?.date;
}

/** Maximum ratio of two closes of the same day in one series: corrections are small, splits and dividends are not. */
export const SAME_SCALE: Readonly<Record<SeriesKind, number>> = { raw: 1.05, adjusted: 1.0005 };

/**
 * Whether fetched prices continue the stored ones. A split changes all earlier prices of a series, and a dividend those
 * of an adjusted series: new prices must not be added to the old ones then. Compares every day that both have: a source
 * may adjust the earlier prices days after it has published the first one at the new scale.
 */
export function isSameScale(
  kind: SeriesKind,
  stored: readonly { readonly date: CivilDate; readonly close: string }[],
  fetched: readonly { readonly date: CivilDate; readonly close: string }[],
): boolean {
  const closes = new Map(stored.map(({ date, close }) => [date, close]));
  return fetched.every(({ date, close }) => {
    const before = closes.get(date);
    return before === undefined || !(Number(close) > 0) || ratio(close, before) <= SAME_SCALE[kind];
  });
}

/** Days by which a replacing series may begin later or end earlier: a weekend and holidays. */
const REACH_DAYS = 7;

/** Whether a series covers the period of the stored one, so that replacing it does not lose years. */
export function covers(
  points: readonly { readonly date: CivilDate }[],
  stored: { readonly first: CivilDate; readonly last: CivilDate },
): boolean {
  const [first, last] = [points[0]?.date, points.at(-1)?.date];
  if (first === undefined || last === undefined) return false;
  return daysBetween(stored.first, first) <= REACH_DAYS && daysBetween(last, stored.last) <= REACH_DAYS;
}

/** Exact. Rounding to a JavaScript number never reverses an order, so the fast comparison decides most pairs. */
function isLess(one: string, other: string): boolean {
  return Number(one) <= Number(other) && new Decimal(one).lt(other);
}

/** The larger one divided by the smaller one: at least 1. */
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
