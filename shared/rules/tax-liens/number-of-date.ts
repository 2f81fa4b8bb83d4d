import type { CivilDate } from "../civil-date.ts";

const DAY_MS = 86_400_000;
/** The day before the first one of a spreadsheet, with its leap day of 1900 that did not exist. */
const SPREADSHEET_START = Date.UTC(1899, 11, 30);

/**
 * Dates that are numbers: milliseconds or seconds since 1970 (of ArcGIS and other APIs), or the days of a spreadsheet.
 * An instant is the day in UTC, in which these systems store a day as its midnight.
 */
export const NUMBERS_OF_DATES = {
  "epoch-ms": instantReader(1),
  "epoch-s": instantReader(1_000),
  "spreadsheet-days": (text: string) => {
    const days = /^\d{1,6}(?:\.\d+)?$/.test(text.trim()) ? Math.floor(Number(text)) : null;
    // Until March 1900 a spreadsheet counts a day too many.
    return days === null || days <= 60 ? null : dayOf(SPREADSHEET_START + days * DAY_MS);
  },
} as const;

type NumberOfDate = keyof typeof NUMBERS_OF_DATES;

export function isNumberOfDate(pattern: string): pattern is NumberOfDate {
  return Object.hasOwn(NUMBERS_OF_DATES, pattern);
}

/** Reads `1770681600000`, and `/Date(1770681600000)/` of older systems. */
function instantReader(unitMs: number): (text: string) => CivilDate | null {
  return (text) => {
    const digits = /^(?:\/Date\((-?\d+)\)\/|(-?\d+)(?:\.0+)?)$/.exec(text.trim());
    return digits ? dayOf(Number(digits[1] ?? digits[2]) * unitMs) : null;
  };
}

function dayOf(ms: number): CivilDate | null {
  const day = new Date(ms);
  if (Number.isNaN(day.getTime()) || day.getUTCFullYear() < 1 || day.getUTCFullYear() > 9999) return null;
  return day.toISOString().slice(0, 10);
}
