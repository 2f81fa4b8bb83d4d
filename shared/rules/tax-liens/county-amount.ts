import { Decimal } from "decimal.js";

/**
 * The number format of a county: with a decimal point (`14,497.43`) or a decimal comma (`14.497,43`). With `blank-…` a
 * blank separates groups of three digits (`14 497.43`).
 */
export const NUMBER_STYLES = ["point", "comma", "blank-point", "blank-comma"] as const;
export type NumberStyle = (typeof NUMBER_STYLES)[number];

const FORMS: Readonly<Record<NumberStyle, RegExp>> = {
  point: /^(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d+)?$/,
  comma: /^(?:\d+|\d{1,3}(?:\.\d{3})+)?(?:,\d+)?$/,
  "blank-point": /^(?:\d+|\d{1,3}(?:\s\d{3})+)?(?:\.\d+)?$/,
  "blank-comma": /^(?:\d+|\d{1,3}(?:\s\d{3})+)?(?:,\d+)?$/,
};
/** Currency and dashes: how accounting formats show zero (`$ -`). */
const ACCOUNTING_ZERO = /^\(?\s*(?:US\$|USD|[$€£])\s*[-–—]+\s*\)?$|^[-–—]+\s*(?:US\$|USD|[$€£])$/i;
const CURRENCY_BEFORE = /^(?:US\$|USD|[$€£])\s*/i;
const CURRENCY_AFTER = /\s*(?:USD|[$€£])$/i;
const MINUS = /^[-−–]\s*/;

/**
 * Parses an amount in a county's format: `$8,200`, `14,497.43`, `.50`. Negative are `(12.00)`, `-12.00`, `12.00-` and
 * `$-12.00`; two signs are no number. `$ -` is zero. Groups of thousands must be complete, so that a decimal comma is
 * never taken for a separator of thousands, and two numbers in one cell are no number.
 * @returns a plain decimal as text without redundant zeros, `-` first when negative; null for other texts such as `NA`
 */
export function readAmount(text: string, style: NumberStyle = "point"): string | null {
  const whole = text.trim();
  // Most amounts have no sign, and at most a dollar in front.
  const usual = plain(whole.startsWith("$") ? whole.slice(1) : whole, false, style);
  if (usual !== null) return usual;
  if (ACCOUNTING_ZERO.test(whole)) return "0";
  const { digits, isNegative } = signOf(whole);
  return digits === null ? null : plain(digits, isNegative, style);
}

/** Whether rates are percent (`16`) or fractions (`0.16`). */
export type RateUnit = "percent" | "fraction";

/** Parses a rate to percent. A text with `%` is percent in any unit. @returns as `readAmount` */
export function readRate(text: string, style: NumberStyle = "point", unit: RateUnit = "percent"): string | null {
  const whole = text.trim();
  const isPercent = whole.endsWith("%");
  const number = isPercent ? whole.slice(0, -1).trimEnd() : whole;
  const isNegative = MINUS.test(number);
  const value = plain(number.replace(MINUS, ""), isNegative, style);
  return value !== null && unit === "fraction" && !isPercent ? new Decimal(value).times(100).toFixed() : value;
}

/** A number without its currency and sign; null when it has two signs. */
function signOf(whole: string): { digits: string | null; isNegative: boolean } {
  let rest = whole;
  let signs = 0;
  const isWrapped = () => rest.startsWith("(") && rest.endsWith(")");
  if (isWrapped()) {
    rest = rest.slice(1, -1).trim();
    signs += 1;
  }
  const takeSign = () => {
    if (!MINUS.test(rest)) return;
    rest = rest.replace(MINUS, "");
    signs += 1;
  };
  takeSign();
  rest = rest.replace(CURRENCY_BEFORE, "").replace(CURRENCY_AFTER, "");
  if (isWrapped()) {
    rest = rest.slice(1, -1).trim();
    signs += 1;
  }
  takeSign();
  if (/\d\s*[-−]$/.test(rest)) {
    rest = rest.replace(/\s*[-−]$/, "");
    signs += 1;
  }
  if (rest.startsWith("+") && signs === 0) rest = rest.slice(1);
  return { digits: signs > 1 ? null : rest, isNegative: signs === 1 };
}

function plain(text: string, isNegative: boolean, style: NumberStyle): string | null {
  if (!/\d/.test(text) || !FORMS[style].test(text)) return null;
  const isPoint = style === "point" || style === "blank-point";
  const bare = isPoint ? text.replace(/[,\s]/g, "") : text.replace(/[.\s]/g, "").replace(",", ".");
  const [whole = "", fraction] = bare.split(".");
  const decimals = fraction?.replace(/0+$/, "");
  const digits = (whole.replace(/^0+(?=\d)/, "") || "0") + (decimals ? `.${decimals}` : "");
  return isNegative && /[1-9]/.test(digits) ? `-${digits}` : digits;
}
