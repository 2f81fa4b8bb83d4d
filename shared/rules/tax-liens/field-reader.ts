import { readAmount, readRate } from "./county-amount.ts";
import { dateReader, fullYear, isNoDate } from "./county-date.ts";
import type { CountyForms } from "./county-forms.ts";
import { flagReader } from "./flag-words.ts";
import type { FieldOf, LienField, RawLien } from "./lien-fields.ts";
import { isMissing, tidyText, wordKey } from "./list-words.ts";
import { type Finding, type FindingCode, NO_FINDINGS } from "./row-finding.ts";
import { damageOf, isSpreadsheetError, wholeNumberId, withoutFormula, withoutTextMark } from "./spreadsheet-marks.ts";

/** Most characters of a field; 200 of the others. */
const LONGEST: Readonly<Partial<Record<LienField, number>>> = {
  certificateNumber: 64,
  parcelId: 64,
  zip: 16,
  city: 100,
  address: 500,
  owner: 500,
  legalDescription: 4_000,
};
export const LONGEST_ID = 64;

/** Years outside are errors, also when the rules of a county allow them; PostgreSQL does not accept all of them. */
export const [FIRST_YEAR, LAST_YEAR] = [1900, 2200];

/** Reads the fields of one row after the other in the formats of a county, and collects what is wrong with the row. */
export class FieldReader {
  readonly #forms: CountyForms;
  readonly #readDate: (text: string) => string | null;
  readonly #isYes: ReturnType<typeof flagReader>;
  #written: RawLien = {};
  #faults: Finding[] = [];
  #warnings: Finding[] | undefined;
  #damagedIds: LienField[] = [];

  constructor(forms: CountyForms) {
    this.#forms = forms;
    this.#readDate = dateReader(forms.dates, forms.pivot);
    this.#isYes = flagReader(forms.flags);
  }

  /** @param faults those that are known of the row */
  begin(written: RawLien, faults: readonly Finding[]): void {
    this.#written = written;
    this.#faults = [...faults];
    this.#warnings = undefined;
    this.#damagedIds = [];
  }

  get faults(): readonly Finding[] {
    return this.#faults;
  }

  get warnings(): readonly Finding[] {
    return this.#warnings ?? NO_FINDINGS;
  }

  /** Whether a spreadsheet has destroyed the id in this field. */
  isDamaged(field: FieldOf<"id">): boolean {
    return this.#damagedIds.includes(field);
  }

  isMissing(field: LienField): boolean {
    return isMissing(this.#written[field]);
  }

  refuse(field: LienField, code: FindingCode, expected: string): void {
    const got = this.#written[field];
    const reason = `expected ${expected}, got ${got ? JSON.stringify(shortened(got.trim())) : "nothing"}`;
    if (!this.#faults.some((fault) => fault.field === field && fault.reason === reason)) {
      this.#faults.push({ field, code, reason });
    }
  }

  warn(field: LienField, code: FindingCode, reason: string, word?: string): void {
    (this.#warnings ??= []).push({ field, code, reason, ...(word !== undefined && { word }) });
  }

  text(field: LienField): string | null {
    const written = this.#written[field];
    if (isMissing(written)) return null;
    const tidy = tidyText(withoutFormula(written!));
    if (isSpreadsheetError(tidy)) {
      this.warn(field, "spreadsheet-error", `${tidy} is the error of a spreadsheet: read as nothing`);
      return null;
    }
    return this.#checked(field, field === "zip" ? withoutTextMark(tidy) : tidy);
  }

  id(field: FieldOf<"id">): string | null {
    const written = this.#written[field];
    if (isMissing(written)) return null;
    const tidy = tidyText(written!);
    if (this.#forms.ids === "as-written") return this.#checked(field, tidy);
    const bare = withoutTextMark(tidy);
    const damage = damageOf(bare);
    if (damage !== undefined) {
      this.#damagedIds.push(field);
      this.refuse(field, "damaged-by-spreadsheet", `an id, but a spreadsheet has replaced it by ${damage}`);
    }
    // No certificate is issued.
    if (field === "certificateNumber" && /^0+$/.test(bare)) return null;
    const whole = wholeNumberId(bare);
    if (whole !== null) this.warn(field, "decimal-id", `a spreadsheet wrote ${bare}: read as ${whole}`);
    return this.#checked(field, whole ?? bare);
  }

  /** A year of four digits; of two where the county states a pivot. Null for a fault. */
  year(field: "taxYear"): number | null {
    const bare = this.#number(field).trim();
    const digits = /^(\d{4})(?:\.0+)?$/.exec(bare)?.[1];
    if (digits !== undefined) return Number(digits);
    const { pivot } = this.#forms;
    return pivot !== undefined && /^\d{2}$/.test(bare) ? fullYear(Number(bare), pivot) : null;
  }

  amount(field: FieldOf<"amount">, most: number): string | null {
    if (this.isMissing(field)) return null;
    const read = readAmount(this.#number(field), this.#forms.numbers);
    if (read === null) this.refuse(field, "no-amount", "an amount such as 1,234.56");
    else return this.#within(field, read, most, 2);
    return null;
  }

  /** Percent. @param most above which a rate is refused, with its reason */
  rate(field: FieldOf<"rate">, most: number): string | null {
    if (this.isMissing(field)) return null;
    const text = this.#number(field);
    const read = readRate(text, this.#forms.numbers, this.#forms.rates);
    if (read === null) this.refuse(field, "no-amount", "an amount such as 16");
    const rate = read && this.#within(field, read, 100, 6);
    if (!rate) return null;
    if (Number(rate) > most) this.refuse(field, "too-large", `at most ${most} % as the rule set has it`);
    const isDoubtful = this.#forms.rates === undefined && Number(rate) > 0 && Number(rate) < 1 && !text.includes("%");
    if (isDoubtful) {
      const what = "a rate below 1 % may be a fraction: state source.rates as fraction or percent";
      this.warn(field, "rate-below-one", `${what}, got ${JSON.stringify(text)}`);
    }
    return rate;
  }

  date(field: FieldOf<"date">): string | null {
    const text = withoutTextMark((this.#written[field] ?? "").trim());
    if (isNoDate(text)) return null;
    const read = this.#readDate(text);
    const year = Number(read?.slice(0, 4));
    if (read === null) this.refuse(field, "no-date", `a date ${[this.#forms.dates].flat().join(" or ")}`);
    else if (year < FIRST_YEAR || year > LAST_YEAR) {
      this.refuse(field, "no-date", `a year from ${FIRST_YEAR} to ${LAST_YEAR}`);
    } else return read;
    return null;
  }

  flag(field: FieldOf<"flag">): boolean {
    const isYes = this.#isYes(field, this.#written[field] ?? "");
    if (isYes === null) this.refuse(field, "unknown-word", `yes or no, or a word that source.flags.${field} names`);
    return isYes ?? false;
  }

  /** The word of the list as `wordKey` writes it. Empty: the cell has none. */
  word(field: FieldOf<"word">): string {
    const text = this.text(field);
    return text === null ? "" : wordKey(text);
  }

  #number(field: LienField): string {
    const written = this.#written[field] ?? "";
    const first = written.charCodeAt(0);
    // Digits, the most frequent beginning, have no mark.
    return first >= 48 && first <= 57 ? written : withoutTextMark(written.trim());
  }

  #within(field: LienField, read: string, most: number, decimals: number): string | null {
    if (read.startsWith("-")) this.refuse(field, "negative", "no negative amount");
    else if (Number(read) > most) this.refuse(field, "too-large", `at most ${most}`);
    else if ((read.split(".")[1]?.length ?? 0) > decimals) {
      this.refuse(field, "decimals", `at most ${decimals} decimals`);
    } else return read;
    return null;
  }

  #checked(field: LienField, tidy: string): string | null {
    const most = LONGEST[field] ?? 200;
    if (tidy.length > most) this.refuse(field, "too-long", `at most ${most} characters`);
    if (tidy.includes("\u0000")) this.refuse(field, "unreadable-text", "text without NUL characters");
    // The replacement character shows bytes that could not be decoded: no value is better than a wrong name.
    if (tidy.includes("\uFFFD")) {
      this.refuse(field, "unreadable-text", "text in the encoding of the source (set source.encoding)");
    }
    return tidy === "" ? null : tidy;
  }
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
