import type { CivilDate } from "../civil-date.ts";

/** The fewest series whose median is a market. */
const FEWEST_SERIES = 5;

/**
 * The median ratio of each day to the day before it over several series: what the market did. Days with fewer than five
 * series are left out.
 * @param series each oldest first
 */
export function marketMoves(
  series: readonly (readonly { readonly date: CivilDate; readonly value: string }[])[],
): ReadonlyMap<CivilDate, number> {
  const ratios = new Map<CivilDate, number[]>();
  if (series.length < FEWEST_SERIES) return new Map();
  for (const points of series) {
    for (const [index, { date, value }] of points.entries()) {
      const before = Number(points[index - 1]?.value);
      if (!(before > 0 && Number(value) > 0)) continue;
      const ofDay = ratios.get(date);
      if (ofDay) ofDay.push(Number(value) / before);
      else ratios.set(date, [Number(value) / before]);
    }
  }
  const known = [...ratios].filter(([, ofDay]) => ofDay.length >= FEWEST_SERIES);
  return new Map(known.map(([date, ofDay]) => [date, ofDay.toSorted((a, b) => a - b)[ofDay.length >> 1]!]));
}
