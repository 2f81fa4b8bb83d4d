/** The number format of a county: with a decimal point (`14,497.43`) or a decimal comma (`14.497,43`). */
export type NumberStyle = "point" | "comma";

const FORMS: Readonly<Record<NumberStyle, RegExp>> = {
  point: /^\d+(\.\d+)?$|^\d{1,3}(,\d{3})+(\.\d+)?$/,
  comma: /^\d+(,\d+)?$|^\d{1,3}(\.\d{3})+(,\d+)?$/,
};

/**
 * Parses a number in a county's format: `$8,200`, `14,497.43`, `16 %`, `(12.00)` and `-12.00` for negative numbers.
 * Groups of thousands must be complete, so that a decimal comma is never taken for a separator of thousands.
 * @returns a plain decimal as text without redundant zeros, `-` first when negative; null for other texts such as `NA`
 */
export function readAmount(text: string, style: NumberStyle = "point"): string | null {
  let rest = text.trim();
  const isBracketed = rest.startsWith("(") && rest.endsWith(")");
  if (isBracketed) rest = rest.slice(1, -1);
  rest = rest.replace(/[\s\u00A0]|US\$|USD|[$€£%]/g, "");
  const isNegative = isBracketed !== rest.startsWith("-");
  if (rest.startsWith("-") || rest.startsWith("+")) rest = rest.slice(1);
  if (!FORMS[style].test(rest)) return null;
  const plain = style === "point" ? rest.replaceAll(",", "") : rest.replaceAll(".", "").replace(",", ".");
  const [whole = "", fraction] = plain.split(".");
  const decimals = fraction?.replace(/0+$/, "");
  const digits = whole.replace(/^0+(?=\d)/, "") + (decimals ? `.${decimals}` : "");
  return isNegative && /[1-9]/.test(digits) ? `-${digits}` : digits;
}
