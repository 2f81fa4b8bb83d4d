import { type CivilDate, isCivilDate } from "../civil-date.ts";

/** The date format of a county: `YYYY`, `MM` and `DD` (or `M` and `D`, one digit or two) with separators between. */
export type DatePattern = string;

/** How many digits a part may have: at least, at most. */
const DIGITS: Readonly<Record<string, readonly [number, number]>> = {
  YYYY: [4, 4],
  MM: [2, 2],
  DD: [2, 2],
  M: [1, 2],
  D: [1, 2],
};
/** A time after the date, which is ignored. */
const TIME = /^[T ]\d{1,2}:\d{2}.*$/;

/**
 * Whether a text is a date format: each part once, and `M` or `D` never directly before another part, since `112026`
 * has several meanings then.
 */
export function isDatePattern(pattern: string): boolean {
  const letters = pattern.match(/YYYY|MM?|DD?/g)?.map(([letter]) => letter);
  return (
    /^(?:YYYY|MM?|DD?|[/.\- ])+$/.test(pattern) &&
    letters?.sort().join("") === "DMY" &&
    !/(?:(?<!M)M(?!M)|(?<!D)D(?!D))(?=[YMD])/.test(pattern)
  );
}

/**
 * A parser of dates of one pattern; it returns null for other texts. It ignores a time after the date
 * (`2026-02-10T00:00:00.000`).
 * @throws RangeError when a part of the pattern is missing or appears twice
 */
export function dateReader(pattern: DatePattern): (text: string) => CivilDate | null {
  if (!isDatePattern(pattern)) {
    throw new RangeError(`expected a pattern such as MM/DD/YYYY, got ${JSON.stringify(pattern)}`);
  }
  const parts = pattern.match(/YYYY|MM?|DD?|[/.\- ]/g) ?? [];
  return (written) => {
    const text = written.trim();
    const found = { Y: "", M: "", D: "" };
    let index = 0;
    for (const part of parts) {
      const end = endOf(part, text, index);
      if (end === index) return null;
      if (part in DIGITS) found[part[0] as keyof typeof found] = text.slice(index, end);
      index = end;
    }
    if (index < text.length && !TIME.test(text.slice(index))) return null;
    const date = `${found.Y}-${found.M.padStart(2, "0")}-${found.D.padStart(2, "0")}`;
    return isCivilDate(date) ? date : null;
  };
}

/** Where a part ends that begins at an index; the index itself when the text has no such part there. */
function endOf(part: string, text: string, index: number): number {
  const [least, most] = DIGITS[part] ?? [];
  if (least === undefined || most === undefined) return text.startsWith(part, index) ? index + part.length : index;
  let end = index;
  while (end < index + most && isDigit(text.charCodeAt(end))) end++;
  return end - index < least ? index : end;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
