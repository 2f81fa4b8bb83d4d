import { REDACTED, redactPatterns } from "./secret-patterns.ts";

/** Every pattern starts at one position of a run of characters (lookbehind) or is bounded: time stays linear. */
const ADDRESSES: readonly RegExp[] = [
  /"[^"\n]{1,64}"@[\p{L}\p{N}.-]{1,253}(?<![.-])/gu,
  /(?<![\p{L}\p{N}._%+'-])[\p{L}\p{N}._%+'-]{1,256}(?:@|%40)[\p{L}\p{N}.-]{1,253}(?<![.-])/giu,
  // "jane (at) example.org", "jane [at] example [dot] org", "jane at example dot org"
  /(?<![\p{L}\p{N}._%+'-])[\p{L}\p{N}._%+'-]{1,256}\s{0,2}[([{]\s?at\s?[)\]}]\s{0,2}[\p{L}\p{N}-]{1,63}(?:\s{0,2}(?:\.|[([{]\s?dot\s?[)\]}]|dot)\s{0,2}[\p{L}\p{N}-]{1,63}){1,8}/giu,
  /(?<![\p{L}\p{N}._%+'-])[\p{L}\p{N}._%+'-]{1,256} at [\p{L}\p{N}-]{1,63}(?: dot [\p{L}\p{N}-]{1,63}){1,4}/giu,
];

/** Letters on the keys of a telephone: 1-800-FLOWERS. */
const VANITY =
  /(?<![\w-])(?:\+?1[-. ]?)?\(?8(?:00|33|44|55|66|77|88)\)?[-. ]?(?=[A-Z\d-]{0,8}[A-Z])[A-Z\d-]{7,9}(?![\w-])/g;
/** Seven digits or more, with up to three separators between two of them. */
const DIGITS = /(?<!\p{Nd})[+(]{0,2}\p{Nd}(?:[\s()./‐-―−-]{0,3}\p{Nd}){6,24}(?!\p{Nd})/gu;
/** A date at the beginning of such digits is none of them. */
const DATE = /^(?:\d{4}-\d{2}-\d{2}|\d{1,2}([./])\d{1,2}\1\d{4}|(?:19|20)\d{2}[-–](?:19|20)\d{2})(?!\d)/;
const DECIMAL = /^[1-9]\d*\.\d{1,4}$/;

/** Long runs of letters and digits: keys and tokens of issuers that have no prefix. */
const KEY = /(?<![\w+/=-])(?=[A-Za-z+/=_-]{0,256}\d)(?=[\d+/=_-]{0,256}[A-Za-z])[\w+/=-]{32,4096}/g;

/**
 * Replaces secrets, e-mail addresses, telephone numbers and whatever looks like a key with `[redacted]`, for texts that
 * leave the house. Stricter than `redactPatterns`, which keeps logs readable: every number of seven digits or more that
 * is neither a date nor grouped by commas counts as a telephone number. Time linear in the length of the text.
 */
export function redactContacts(text: string): string {
  let clean = redactPatterns(text);
  for (const pattern of ADDRESSES) clean = clean.replace(pattern, REDACTED);
  return clean.replace(KEY, REDACTED).replace(VANITY, REDACTED).replace(DIGITS, redactDigits);
}

function redactDigits(digits: string): string {
  const date = DATE.exec(digits)?.[0];
  if (date !== undefined) return date + digits.slice(date.length).replace(DIGITS, redactDigits);
  return DECIMAL.test(digits) ? digits : REDACTED;
}
