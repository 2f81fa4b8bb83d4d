import { type CivilDate, isCivilDate } from "../civil-date.ts";

/** The date format of a county: `YYYY`, `MM` and `DD` (or `M` and `D`, one digit or two) with separators between. */
export type DatePattern = string;

export const DATE_PATTERN = /^(?=.*YYYY)(?=.*M)(?=.*D)[YMD/.\- ]+$/;

const PARTS: Readonly<Record<string, string>> = {
  YYYY: "(?<year>\\d{4})",
  MM: "(?<month>\\d{2})",
  DD: "(?<day>\\d{2})",
  M: "(?<month>\\d{1,2})",
  D: "(?<day>\\d{1,2})",
};

/**
 * A parser of dates of one pattern; it returns null for other texts. It ignores a time after the date
 * (`2026-02-10T00:00:00.000`).
 * @throws RangeError when a part of the pattern is missing or appears twice
 */
export function dateReader(pattern: DatePattern): (text: string) => CivilDate | null {
  const parts = pattern.match(/YYYY|MM?|DD?/g) ?? [];
  if (
    !DATE_PATTERN.test(pattern) ||
    parts
      .map(([letter]) => letter)
      .sort()
      .join("") !== "DMY"
  ) {
    throw new RangeError(`expected a pattern such as MM/DD/YYYY, got ${JSON.stringify(pattern)}`);
  }
  const source = pattern.replace(/YYYY|MM?|DD?|[./-]/g, (part) => PARTS[part] ?? `\\${part}`);
  const form = new RegExp(`^${source}(?:[T ]\\d{1,2}:\\d{2}.*)?$`);
  return (text) => {
    const { year, month = "", day = "" } = form.exec(text.trim())?.groups ?? {};
    const date = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
    return isCivilDate(date) ? date : null;
  };
}
