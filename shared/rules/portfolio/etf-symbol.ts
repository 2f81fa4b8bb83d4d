import { z } from "zod";

/** A stored symbol, as jobs get it in their input. */
export const etfSymbol = z
  .string()
  .refine(isEtfSymbol, 'expected a symbol in capital letters as Yahoo writes it, such as "VWCE.DE"');

/**
 * Whether the text has the form of a symbol in Yahoo's spelling: capital letters, digits and `.=^-`, such as `VWCE.DE`.
 * The symbol may not exist.
 */
export function isEtfSymbol(text: string): boolean {
  return /^[A-Z0-9^][A-Z0-9.=^-]{0,31}$/.test(text);
}

/** The sentence about a symbol that no ETF has. */
export function noSuchEtf(symbol: string): string {
  return `there is no ETF ${symbol}; add it with POST /api/v1/etf`;
}

/** Whether the text is an ISIN with a valid check digit (ISO 6166: letters as numbers from 10, then Luhn). */
export function isIsin(text: string): boolean {
  if (!/^[A-Z]{2}[A-Z0-9]{9}\d$/.test(text)) return false;
  const digits = Array.from(text, (sign) => parseInt(sign, 36)).join("");
  const sum = Array.from(digits, Number)
    .reverse()
    .reduce((total, digit, place) => {
      const value = digit * (place % 2 === 1 ? 2 : 1);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
  return sum % 10 === 0;
}
