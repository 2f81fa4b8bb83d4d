import type { CivilDate } from "../civil-date.ts";

/** The fewest series whose median is a market. */
const FEWEST_SERIES = 5;

/**
 * The median ratio of a day to the day before it over several series: what the market did. Undefined for a day with
 * fewer than five series. Computed at the first question, as most answers have no jump to ask about.
 * @param series each oldest first
 */
export function marketMoves(
  series: readonly (readonly { readonly date: CivilDate; readonly value: string }[])[],
): (date: CivilDate) => number | undefined {
  let medians: ReadonlyMap<CivilDate, number> | undefined;
  return (date) => (medians ??= medianRatios(series)).get(date);
}

function medianRatios(
  series: readonly (readonly { readonly date: CivilDate; readonly value: string }[])[],
): ReadonlyMap<CivilDate, number> {
  const ratios = new Map<CivilDate, number[]>();
  if (series.length < FEWEST_SERIES) return new Map();
  for (const points of series) {
    let before = NaN;
    for (const { date, value: text } of points) {
      const value = Number(text);
      if (before > 0 && value > 0) {
        const ofDay = ratios.get(date);
        if (ofDay) ofDay.push(value / before);
        else ratios.set(date, [value / before]);
      }
      before = value;
    }
  }
  const known = [...ratios].filter(([, ofDay]) => ofDay.length >= FEWEST_SERIES);
  return new Map(known.map(([date, ofDay]) => [date, ofDay.sort((a, b) => a - b)[ofDay.length >> 1]!]));
}
