import { isKnownCurrency } from "./currency.ts";

/** What a price is quoted in: a currency, or a part of it. */
export interface PriceUnit {
  readonly currency: string;
  /** Decimal places between the unit and its currency: 2 for pence. */
  readonly places: number;
}

/** Hundredths that exchanges quote in, by the codes that providers have for them. */
const HUNDREDTHS: Readonly<Record<string, string>> = { GBp: "GBP", GBX: "GBP", ZAc: "ZAR", ZAC: "ZAR", ILA: "ILS" };

/** @returns undefined when the code is of no currency and no part of one */
export function priceUnit(code: string): PriceUnit | undefined {
  const whole = HUNDREDTHS[code];
  if (whole !== undefined) return { currency: whole, places: 2 };
  return isKnownCurrency(code) ? { currency: code, places: 0 } : undefined;
}

/** A price in whole units of its currency, digit for digit: 1279.5 pence are 12.795 pounds. `price` is a plain decimal. */
export function inWholeUnits(price: string, { places }: PriceUnit): string {
  if (places === 0) return price;
  const [whole = "", fraction = ""] = price.split(".");
  const digits = whole.padStart(places + 1, "0");
  const moved = `${digits.slice(0, -places)}.${digits.slice(-places)}${fraction}`;
  return moved.replace(/^0+(?=\d)/, "").replace(/\.?0+$/, "");
}
