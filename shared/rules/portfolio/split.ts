import { Decimal } from "decimal.js";
import type { CivilDate } from "../civil-date.ts";
import type { PricePoint } from "./price-series.ts";

/** A split that a source states: on `date`, the first day at the new scale, `denominator` shares became `numerator`. */
export interface Split {
  readonly date: CivilDate;
  readonly numerator: string;
  readonly denominator: string;
}

/** Below this ratio a day's move hides a split; sources adjust for such small ones, so nothing is done. */
const SMALLEST_RATIO = 1.2;
/** Days on each side of a split whose median is its scale, so that one wrong close does not decide. */
const DAYS_BESIDE = 3;
const Exact = Decimal.clone({ precision: 40 });
/** Significant digits of an adjusted price. */
const DIGITS = 15;

/**
 * A series at the scale after its last split. Sources adjust earlier prices for a split, some of them days after it.
 * For each split the closes decide: where they step by its ratio, the earlier prices are divided by it; where they do
 * not, the source has adjusted them. So a split is never applied twice.
 * @param points oldest first
 * @returns the points, and the splits that the source had not adjusted for
 */
export function adjustedForSplits(
  points: readonly PricePoint[],
  splits: readonly Split[],
): { readonly points: readonly PricePoint[]; readonly applied: readonly Split[] } {
  const applied = splits.filter((split) => isUnadjusted(points, split));
  if (applied.length === 0) return { points, applied };
  return { points: points.map((point) => applied.reduce(scaled, point)), applied };
}

/** The shares that one became. */
export function splitRatio({ numerator, denominator }: Split): number {
  return new Exact(numerator).div(denominator).toNumber();
}

function isUnadjusted(points: readonly PricePoint[], split: Split): boolean {
  const stated = Math.log(splitRatio(split));
  if (Math.abs(stated) < Math.log(SMALLEST_RATIO)) return false;
  const first = points.findIndex(({ date }) => date >= split.date);
  if (first <= 0) return false;
  const before = medianClose(points.slice(Math.max(0, first - DAYS_BESIDE), first));
  const after = medianClose(points.slice(first, first + DAYS_BESIDE));
  const step = Math.log(before / after);
  return Math.abs(step - stated) < Math.abs(step);
}

function scaled(point: PricePoint, split: Split): PricePoint {
  if (point.date >= split.date) return point;
  const { numerator, denominator } = split;
  const price = <P extends string | null>(value: P) =>
    (value === null
      ? null
      : new Exact(value).times(denominator).div(numerator).toSignificantDigits(DIGITS).toFixed()) as P;
  const { volume } = point;
  return {
    ...point,
    open: price(point.open),
    high: price(point.high),
    low: price(point.low),
    close: price(point.close),
    adjustedClose: price(point.adjustedClose),
    volume: volume === null ? null : new Exact(volume).times(numerator).div(denominator).toFixed(0),
  };
}

function medianClose(points: readonly PricePoint[]): number {
  const closes = points.map(({ close }) => Number(close)).sort((a, b) => a - b);
  return closes[closes.length >> 1]!;
}
