import { isKnownCurrency } from "./currency.ts";

/** The unit of a price: a currency or a hundredth of it. */
export interface PriceUnit {
  readonly currency: string;
  /** Decimal places between the unit and its currency: 2 for pence. */
  readonly places: number;
}

/** Providers' codes for hundredths of a currency. */
const HUNDREDTHS: Readonly<Record<string, string>> = { GBp: "GBP", GBX: "GBP", ZAc: "ZAR", ZAC: "ZAR", ILA: "ILS" };

/** The unit of a provider's code; undefined for an unknown code. */
export function priceUnit(code: string): PriceUnit | undefined {
  const whole = HUNDREDTHS[code];
  if (whole !== undefined) return { currency: whole, places: 2 };
  return isKnownCurrency(code) ? { currency: code, places: 0 } : undefined;
}

/**
 * A price in whole units of its currency, digit for digit: 1279.5 pence are 12.795 pounds. `price` is a plain decimal.
 */
export function inWholeUnits(price: string, { places }: PriceUnit): string {
  if (places === 0) return price;
  if (price.startsWith("-")) return `-${inWholeUnits(price.slice(1), { currency: "", places })}`;
  const [whole = "", fraction = ""] = price.split(".");
  const digits = whole.padStart(places + 1, "0");
  const moved = `${digits.slice(0, -places)}.${digits.slice(-places)}${fraction}`;
  return moved.replace(/^0+(?=\d)/, "").replace(/\.?0+$/, "");
}
