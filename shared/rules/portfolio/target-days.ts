import { addDays, type CivilDate, civilDateIn, isWeekend, wallTimeIn } from "../civil-date.ts";

/**
 * Whether the ECB publishes reference rates on a date, which it does when TARGET is open. Closed: weekends, New Year's
 * Day, Good Friday, Easter Monday, 1 May, Christmas Day and 26 December (TARGET long-term calendar, in force since
 * 2000), and the last days of 1999 and 2001 (year 2000 and cash changeover).
 */
export function isTargetDay(date: CivilDate): boolean {
  if (date === "1999-12-31" || date === "2001-12-31") return false;
  if (isWeekend(date) || ["01-01", "05-01", "12-25", "12-26"].includes(date.slice(5))) return false;
  const easter = easterSunday(Number(date.slice(0, 4)));
  return date !== addDays(easter, -2) && date !== addDays(easter, 1);
}

/** The date itself, or the last day before it on which the ECB published. */
export function targetDayOnOrBefore(date: CivilDate): CivilDate {
  let day = date;
  while (!isTargetDay(day)) day = addDays(day, -1);
  return day;
}

/** The first day after the date on which the ECB publishes. */
export function targetDayAfter(date: CivilDate): CivilDate {
  let day = addDays(date, 1);
  while (!isTargetDay(day)) day = addDays(day, 1);
  return day;
}

/** Local time from which the rates of a TARGET day are expected. */
const PUBLISHED_AT = "16:00";

/** The newest day whose rates the ECB should have published. */
export function expectedRateDay(now: Date): CivilDate {
  const today = civilDateIn("Europe/Berlin", now);
  return targetDayOnOrBefore(wallTimeIn("Europe/Berlin", now) < PUBLISHED_AT ? addDays(today, -1) : today);
}

/**
 * The days whose rates are to be fetched, oldest first: each TARGET day from the first stored one to the expected one
 * that has no rates, or whose rates are not settled. A run for the newest days fetches the expected day again, because
 * its rates may be incomplete.
 * @param stored the days with rates, oldest first
 * @param unsettled stored days on which a rate is held back or rejected: the source may have corrected it
 * @param asOfDay the day that the run stands for; stored days after it show that it fills the past
 */
export function rateDaysToFetch(
  stored: readonly CivilDate[],
  {
    expected,
    asOfDay,
    unsettled = [],
  }: { readonly expected: CivilDate; readonly asOfDay: CivilDate; readonly unsettled?: readonly CivilDate[] },
): CivilDate[] {
  const known = new Set(stored);
  for (const day of unsettled) known.delete(day);
  if ((stored.at(-1) ?? "") <= asOfDay) known.delete(expected);
  const [first = expected] = stored;
  const days: CivilDate[] = [];
  for (let day = first < expected ? first : expected; day <= expected; day = addDays(day, 1)) {
    if (isTargetDay(day) && !known.has(day)) days.push(day);
  }
  return days;
}

/**
 * Easter Sunday of the Gregorian calendar (J.-M. Oudin's algorithm, Explanatory Supplement to the Astronomical
 * Almanac).
 */
export function easterSunday(year: number): CivilDate {
  const century = Math.floor(year / 100);
  const golden = year % 19;
  const correction = Math.floor((century - 17) / 25);
  let moon = (century - Math.floor(century / 4) - Math.floor((century - correction) / 3) + 19 * golden + 15) % 30;
  moon -= Math.floor(moon / 28) * (1 - Math.floor(29 / (moon + 1)) * Math.floor((21 - golden) / 11));
  const weekday = (year + Math.floor(year / 4) + moon + 2 - century + Math.floor(century / 4)) % 7;
  const offset = moon - weekday;
  const month = 3 + Math.floor((offset + 40) / 44);
  const day = offset + 28 - 31 * Math.floor(month / 4);
  return `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}
