import { Decimal } from "decimal.js";

/** A stored amount as text with two decimals, rounded half up. */
export function cents(amount: Decimal.Value): string {
  return new Decimal(amount).toFixed(2, Decimal.ROUND_HALF_UP);
}

/** A stored percentage as a fraction of one, to 12 decimals: `16` → `0.16`. */
export function shareOf(percent: Decimal.Value): string;
export function shareOf(percent: Decimal.Value | null): string | null;
export function shareOf(percent: Decimal.Value | null): string | null {
  return percent === null ? null : new Decimal(percent).div(100).toDecimalPlaces(12).toFixed();
}

/** A stored name in words: `vacant_land` → `vacant land`. */
export function inWords(name: string): string {
  return name.replaceAll("_", " ");
}
