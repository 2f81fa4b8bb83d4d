/** A day in the calendar, `YYYY-MM-DD`, without a time or a zone. Compares as text. */
export type CivilDate = string;

const DAY_MS = 86_400_000;

/** Whether the text is `YYYY-MM-DD` and such a day exists: 2025-02-29 does not, and neither does a year 0. */
export function isCivilDate(text: string): boolean {
  if (!/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(text)) return false;
  if (text.startsWith("0000")) return false;
  if (text.slice(8) <= "28") return true;
  const at = Date.parse(`${text}T00:00:00Z`);
  // JavaScript rolls 30 February over to March instead of refusing it.
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

/** The date `days` days later; earlier for a negative count. */
export function addDays(date: CivilDate, days: number): CivilDate {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Days from the first to the second date; negative when the second is earlier. */
export function daysBetween(from: CivilDate, to: CivilDate): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);
}

/** Saturday or Sunday. */
export function isWeekend(date: CivilDate): boolean {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
  return weekday === 0 || weekday === 6;
}

/** The date itself, or the Friday before it. */
export function weekdayOnOrBefore(date: CivilDate): CivilDate {
  let day = date;
  while (isWeekend(day)) day = addDays(day, -1);
  return day;
}

/** The date itself, or the Monday after it. */
export function weekdayOnOrAfter(date: CivilDate): CivilDate {
  let day = date;
  while (isWeekend(day)) day = addDays(day, 1);
  return day;
}

/** The calendar day of an instant in an IANA time zone. @throws RangeError for an unknown zone */
export function civilDateIn(zone: string, instant: Date): CivilDate {
  return calendarOf(zone)(instant);
}

/**
 * The same for many instants of one zone: creating the formatter is slow, so that is done once.
 * @throws RangeError for an unknown zone
 */
export function calendarOf(zone: string): (instant: Date) => CivilDate {
  const known = calendars.get(zone);
  if (known) return known;
  // The Swedish locale writes dates as ISO 8601 does.
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
  const seen = new Map<number, CivilDate>();
  const calendar = (instant: Date) => {
    const at = instant.getTime();
    const cached = seen.get(at);
    if (cached !== undefined) return cached;
    const date = format.format(instant);
    if (seen.size >= MAX_CACHED) seen.clear();
    seen.set(at, date);
    return date;
  };
  calendars.set(zone, calendar);
  return calendar;
}

/** One calendar per zone: every fund of an exchange has the same instants. */
const calendars = new Map<string, (instant: Date) => CivilDate>();
/** Instants of a zone whose dates are cached: thirty years of days. */
const MAX_CACHED = 10_000;

/**
 * The time of day of an instant in an IANA time zone: `HH:MM`. Compares as text.
 * @throws RangeError for an unknown zone
 */
export function wallTimeIn(zone: string, instant: Date): string {
  let clock = clocks.get(zone);
  if (!clock) clocks.set(zone, (clock = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, timeStyle: "short" })));
  return clock.format(instant);
}

/** One formatter per zone: creating it takes about 100 times as long as using it. */
const clocks = new Map<string, Intl.DateTimeFormat>();
