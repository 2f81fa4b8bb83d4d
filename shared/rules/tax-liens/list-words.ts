/** Characters that no person sees: zero-width ones, the byte order mark, the soft hyphen. */
const INVISIBLE = /[\u00AD\u200B-\u200D\u2060\uFEFF]/g;

/** Most texts: they are tidy. */
const TIDY_ASCII = /^[!-~]+(?: [!-~]+)*$/;

/** Texts of a cell without a value, and how they begin. */
const MISSING: ReadonlySet<string> = new Set(["", "n/a", "na", "#n/a", "null", "none", "nil", "-", "--", "–", "—"]);
const MAY_BE_MISSING = /^[^!"$-,./0-9:-MO-mo-~]/;

/**
 * The form in which names of columns and words of a county are compared: without case, invisible characters and
 * redundant space. Everything that compares them uses it.
 */
export function wordKey(text: string): string {
  return tidyText(text).toLowerCase();
}

/** A text without invisible characters, with single blanks. */
export function tidyText(text: string): string {
  if (TIDY_ASCII.test(text)) return text;
  return text.normalize("NFC").replace(INVISIBLE, "").replace(/\s+/g, " ").trim();
}

/** Whether a cell has no value: it is blank, a dash, or a word such as `N/A`. */
export function isMissing(text: string | undefined): boolean {
  if (text === undefined || text === "") return true;
  return text.length < 20 && MAY_BE_MISSING.test(text) && MISSING.has(wordKey(text));
}
