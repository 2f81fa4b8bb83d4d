/** How a county writes numbers: with a decimal point (`14,497.43`) or a decimal comma (`14.497,43`). */
export type NumberStyle = "point" | "comma";

const FORMS: Readonly<Record<NumberStyle, RegExp>> = {
  point: /^\d+(\.\d+)?$|^\d{1,3}(,\d{3})+(\.\d+)?$/,
  comma: /^\d+(,\d+)?$|^\d{1,3}(\.\d{3})+(,\d+)?$/,
};

/**
 * Reads a number as a county prints it: `$8,200`, `14,497.43`, `(12.00)` and `-12.00` for what is negative, `16 %`. Groups of
 * thousands must be whole, so that a decimal comma is never read as one of them.
 * @returns a plain decimal as text without needless zeros, `-` in front when negative; null for what is no number, `NA` say
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
