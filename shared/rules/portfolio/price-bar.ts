import type { PricePoint } from "./price-series.ts";
import { ratio } from "./ratio.ts";

/** A close outside of its day's range by this ratio is no rounding and no late auction. */
const OUT_OF_RANGE = 1.05;
/** The adjusted close follows the close but for dividends; a larger step that the next day takes back is an error. */
const [ADJUSTMENT_STEP, SAME_ADJUSTMENT] = [1.05, 1.01];

/**
 * The bar with what is usable. Sources send open, high or low of zero on days without trades, and a high below the low:
 * these become null. The close decides about the day.
 */
export function usableBar(point: PricePoint): PricePoint {
  const { open, high, low, adjustedClose } = point;
  const isCrossed = isPrice(high) && isPrice(low) && Number(high) < Number(low);
  if (isUsable(open) && isUsable(high) && isUsable(low) && isUsable(adjustedClose) && !isCrossed) return point;
  return {
    ...point,
    open: isUsable(open) ? open : null,
    high: isUsable(high) && !isCrossed ? high : null,
    low: isUsable(low) && !isCrossed ? low : null,
    adjustedClose: isUsable(adjustedClose) ? adjustedClose : null,
  };
}

/**
 * The points without a repeated last bar, which sources send beside the bar of the current price: the later one counts.
 * An earlier day that occurs twice stays, as a fault.
 * @param points by date, in the order of the source within a day
 */
export function withoutRepeatedLast(points: readonly PricePoint[]): PricePoint[] {
  const last = points.at(-1);
  return points.filter((point) => point === last || point.date !== last?.date);
}

/** How the other prices of each day contradict its close, as a sentence; undefined where they do not. */
export function contradictions(points: readonly PricePoint[]): (string | undefined)[] {
  return points.map((point, index) => {
    const { close, high, low, adjustedClose } = point;
    if (isPrice(high) && Number(close) > Number(high) * OUT_OF_RANGE) return `it is above the day's high of ${high}`;
    if (isPrice(low) && Number(close) * OUT_OF_RANGE < Number(low)) return `it is below the day's low of ${low}`;
    const [before, at, after] = [points[index - 1], point, points[index + 1]].map(adjustment);
    if (before === undefined || at === undefined || ratio(before, at) <= ADJUSTMENT_STEP) return undefined;
    const isTakenBack = after === undefined || ratio(before, after) <= SAME_ADJUSTMENT;
    return isTakenBack ? `the adjusted close of ${adjustedClose} did not move with it` : undefined;
  });
}

function adjustment(point: PricePoint | undefined): number | undefined {
  if (!point || !isPrice(point.adjustedClose) || !isPrice(point.close)) return undefined;
  return Number(point.adjustedClose) / Number(point.close);
}

function isPrice(price: string | null): price is string {
  return price !== null && Number(price) > 0;
}

/** Missing, or above zero. A text that is no number stays, for the check of the series. */
function isUsable(price: string | null): boolean {
  return price === null || !(Number(price) <= 0);
}
