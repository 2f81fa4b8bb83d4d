import { type CivilDate, isCivilDate } from "../civil-date.ts";
import { isMissing } from "./list-words.ts";
import { isNumberOfDate, NUMBERS_OF_DATES } from "./number-of-date.ts";

/**
 * The date format of a county: a year (`YYYY` or `YY`), a month (`MM`, `M`, `MMM` for Feb, `MMMM` for February) and a
 * day (`DD`, `D`) with separators between; or one of the numbers in `NUMBERS_OF_DATES`.
 */
export type DatePattern = string;

/** Two-digit years up to this one are of this century. */
export const DEFAULT_PIVOT = 68;

/** How many digits a part may have: at least, at most. */
const DIGITS: Readonly<Record<string, readonly [number, number]>> = {
  YYYY: [4, 4],
  YY: [2, 2],
  MM: [2, 2],
  DD: [2, 2],
  M: [1, 2],
  D: [1, 2],
};
const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];
const PARTS = /YYYY|YY|M{1,4}|DD?|[/.\- ,]/g;
/** A time after the date, which is ignored. */
const TIME = /^[T ]\d{1,2}:\d{2}.*$/;
/** What some systems write for no date. */
const NO_DATE = /^0+(?:[/.-]0+)*$/;

/**
 * Whether a text is a date format: each part once, and `M` or `D` never directly before another number, since `112026`
 * has several meanings then.
 */
export function isDatePattern(pattern: string): boolean {
  if (isNumberOfDate(pattern)) return true;
  const letters = pattern.match(/YYYY|YY|M{1,4}|DD?/g)?.map(([letter]) => letter);
  return (
    /^(?:YYYY|YY|M{1,4}|DD?|[/.\- ,])+$/.test(pattern) &&
    letters?.sort().join("") === "DMY" &&
    !/(?:(?<!M)M(?!M)|(?<!D)D(?!D))(?=[YMD])/.test(pattern)
  );
}

/**
 * A parser of dates in any of these patterns; it returns null for other texts, and for one that has two meanings. It
 * ignores a time after the date (`2026-02-10T00:00:00.000`), case of names, and redundant blanks.
 * @param pivot the last two-digit year of this century
 * @throws RangeError when a part of a pattern is missing or appears twice
 */
export function dateReader(
  patterns: DatePattern | readonly DatePattern[],
  pivot: number = DEFAULT_PIVOT,
): (text: string) => CivilDate | null {
  const readers = [patterns].flat().map((pattern) => readerOf(pattern, pivot));
  const [only] = readers;
  if (readers.length === 1) return only!;
  return (text) => {
    const dates = new Set(readers.map((read) => read(text)).filter((date) => date !== null));
    return dates.size === 1 ? [...dates][0]! : null;
  };
}

/** Whether a text has no date: it is missing, or only zeros as in `00/00/0000`. */
export function isNoDate(text: string): boolean {
  return isMissing(text) || NO_DATE.test(text);
}

function readerOf(pattern: DatePattern, pivot: number): (text: string) => CivilDate | null {
  if (!isDatePattern(pattern)) {
    throw new RangeError(`expected a pattern such as MM/DD/YYYY, got ${JSON.stringify(pattern)}`);
  }
  if (isNumberOfDate(pattern)) return NUMBERS_OF_DATES[pattern];
  const parts = pattern.match(PARTS) ?? [];
  return (written) => {
    const text = written.trim();
    const found = { Y: "", M: "", D: "" };
    let index = 0;
    for (const part of parts) {
      const end = endOf(part, text, index);
      if (end === index) return null;
      const isPart = part in DIGITS || part.startsWith("MMM");
      if (isPart) found[part[0] as keyof typeof found] = text.slice(index, end);
      index = end;
    }
    if (index < text.length && !TIME.test(text.slice(index))) return null;
    const year = found.Y.length === 2 ? fullYear(Number(found.Y), pivot) : found.Y;
    const date = `${year}-${monthOf(found.M)}-${found.D.padStart(2, "0")}`;
    return isCivilDate(date) ? date : null;
  };
}

/** The year of two digits. */
export function fullYear(twoDigits: number, pivot: number): number {
  return twoDigits + (twoDigits <= pivot ? 2000 : 1900);
}

function monthOf(text: string): string {
  if (isDigit(text.charCodeAt(0))) return text.padStart(2, "0");
  const name = text.toLowerCase();
  return String(MONTHS.findIndex((month) => month.startsWith(name.slice(0, 3))) + 1).padStart(2, "0");
}

/** Where a part ends that begins at an index; the index itself when the text has no such part there. */
function endOf(part: string, text: string, index: number): number {
  if (part.startsWith("MMM")) return endOfMonth(part, text, index);
  const [least, most] = DIGITS[part] ?? [];
  if (least === undefined || most === undefined) return endOfSeparator(part, text, index);
  let end = index;
  while (end < index + most && isDigit(text.charCodeAt(end))) end++;
  return end - index < least ? index : end;
}

/** `MMM` is Feb, FEB, Sept or `Feb.`, `MMMM` a full name. */
function endOfMonth(part: string, text: string, index: number): number {
  let end = index;
  while (/[a-z]/i.test(text.charAt(end))) end++;
  const name = text.slice(index, end).toLowerCase();
  if (part === "MMMM") return MONTHS.includes(name) ? end : index;
  const isShort = name === "sept" || (name.length === 3 && MONTHS.some((month) => month.startsWith(name)));
  if (!isShort) return index;
  return text.charAt(end) === "." ? end + 1 : end;
}

function endOfSeparator(separator: string, text: string, index: number): number {
  if (separator !== " ") return text.startsWith(separator, index) ? index + 1 : index;
  let end = index;
  while (/\s/.test(text.charAt(end))) end++;
  return end;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
