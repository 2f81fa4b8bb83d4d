import type { CivilDate } from "../civil-date.ts";

/** The same day `months` months later, or the last day of a shorter month: 31 August and six months is 28 February. */
export function addMonths(date: CivilDate, months: number): CivilDate {
  const [year, month, day] = parts(date);
  const first = new Date(Date.UTC(year, month - 1 + months, 1));
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(day, lastDay));
  return first.toISOString().slice(0, 10);
}

/** The number of calendar months from one date to another, both included: 31 January to 1 February is 2. */
export function monthsTouched(from: CivilDate, until: CivilDate): number {
  const [[fromYear, fromMonth], [untilYear, untilMonth]] = [parts(from), parts(until)];
  return (untilYear - fromYear) * 12 + untilMonth - fromMonth + 1;
}

/**
 * The number of started six-month periods: 1 up to and including the day six months after the start, 2 from the next
 * day. Each period is computed from the start, so that a short month does not shift the later ones.
 */
export function halfYearsBegun(from: CivilDate, until: CivilDate): number {
  let begun = Math.max(1, Math.ceil((monthsTouched(from, until) - 1) / 6));
  while (addMonths(from, begun * 6) < until) begun += 1;
  return begun;
}

function parts(date: CivilDate): [year: number, month: number, day: number] {
  return [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8, 10))];
}
