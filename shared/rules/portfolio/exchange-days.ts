import { addDays, type CivilDate, civilDateIn, isWeekend, wallTimeIn } from "../civil-date.ts";
import { listingOf } from "./exchange.ts";
import { easterSunday, isTargetDay } from "./target-days.ts";

/**
 * Whether a price of the day is expected, by the suffix of a symbol (`.DE`). None is expected on a day on which the
 * exchange may be closed: Christmas Eve, New Year's Eve, and holidays that it observes in some years only.
 */
export function isTradingDay(suffix: string, date: CivilDate): boolean {
  if (isWeekend(date)) return false;
  switch (suffix) {
    case "":
      return !isNewYorkHoliday(date);
    case ".L":
      return !isLondonHoliday(date);
    case ".SW":
      return isContinentalDay(date) && !isSwissHoliday(date);
    default:
      return isContinentalDay(date) && !(suffix === ".MI" && date.endsWith("-08-15"));
  }
}

/**
 * The newest trading day whose price is final, by the calendar and the zone of the symbol's exchange; null for an
 * exchange that is not known.
 */
export function expectedPriceDay(symbol: string, now: Date): CivilDate | null {
  const newest = newestFinalDay(symbol, now);
  if (newest === null) return null;
  const suffix = suffixOf(symbol);
  let day = newest;
  while (!isTradingDay(suffix, day)) day = addDays(day, -1);
  return day;
}

/** The newest day of the exchange that is over, a trading day or not; null for an exchange that is not known. */
export function newestFinalDay(symbol: string, now: Date): CivilDate | null {
  const listing = listingOf(symbol);
  if (!listing) return null;
  const { zone, finalAt } = listing.exchange;
  const today = civilDateIn(zone, now);
  return wallTimeIn(zone, now) >= finalAt ? today : addDays(today, -1);
}

export function suffixOf(symbol: string): string {
  const dot = symbol.indexOf(".");
  return dot < 0 ? "" : symbol.slice(dot);
}

/** Xetra and Euronext have the holidays of TARGET; on the two Eves they are closed or close early. */
function isContinentalDay(date: CivilDate): boolean {
  return isTargetDay(date) && !["12-24", "12-31"].includes(date.slice(5));
}

function isSwissHoliday(date: CivilDate): boolean {
  return ["01-02", "08-01"].includes(date.slice(5)) || [39, 50].includes(daysAfterEaster(date));
}

/** The holidays of the NYSE with their substitutes (NYSE rule 7.2), without days of mourning. */
function isNewYorkHoliday(date: CivilDate): boolean {
  const month = date.slice(5, 7);
  if (daysAfterEaster(date) === -2) return true;
  if (isObserved(date, ["01-01", "06-19", "07-04", "12-25"])) return true;
  return (
    isNth(date, "01", MONDAY, 3) ||
    isNth(date, "02", MONDAY, 3) ||
    (month === "05" && isLast(date, MONDAY)) ||
    isNth(date, "09", MONDAY, 1) ||
    isNth(date, "11", THURSDAY, 4)
  );
}

/** The bank holidays of England with their substitutes, without those of single years. */
function isLondonHoliday(date: CivilDate): boolean {
  if ([-2, 1].includes(daysAfterEaster(date))) return true;
  const [month, day] = [date.slice(5, 7), Number(date.slice(8))];
  if (month === "01" && (day === 1 || (day <= 3 && weekdayOf(date) === MONDAY))) return true;
  // Substitutes of Christmas and Boxing Day fall on the 27th and 28th; half days are before Christmas and New Year.
  if (month === "12" && (day >= 24 && day <= 28 ? day <= 26 || isSubstitute(date) : day === 31)) return true;
  return isNth(date, "05", MONDAY, 1) || (["05", "08"].includes(month) && isLast(date, MONDAY));
}

/** 27 or 28 December in place of a Christmas or Boxing Day on a weekend. */
function isSubstitute(date: CivilDate): boolean {
  const [christmas, boxing] = [`${date.slice(0, 8)}25`, `${date.slice(0, 8)}26`];
  return isWeekend(christmas) || isWeekend(boxing);
}

const [MONDAY, THURSDAY] = [1, 4];

/** On the day, on the Friday before a Saturday, or on the Monday after a Sunday. */
function isObserved(date: CivilDate, days: readonly string[]): boolean {
  const weekday = weekdayOf(date);
  if (days.includes(date.slice(5))) return true;
  if (weekday === 1 && days.includes(addDays(date, -1).slice(5))) return true;
  // The NYSE does not move New Year's Day back into the old year.
  return weekday === 5 && days.includes(addDays(date, 1).slice(5)) && !date.endsWith("-12-31");
}

function isNth(date: CivilDate, month: string, weekday: number, nth: number): boolean {
  return date.slice(5, 7) === month && weekdayOf(date) === weekday && Math.ceil(Number(date.slice(8)) / 7) === nth;
}

function isLast(date: CivilDate, weekday: number): boolean {
  return weekdayOf(date) === weekday && addDays(date, 7).slice(5, 7) !== date.slice(5, 7);
}

function weekdayOf(date: CivilDate): number {
  return new Date(`${date}T00:00:00Z`).getUTCDay();
}

function daysAfterEaster(date: CivilDate): number {
  return (Date.parse(date) - Date.parse(easterSunday(Number(date.slice(0, 4))))) / 86_400_000;
}
