import { Decimal } from "decimal.js";

/** An amount of the database, which has as many places as it was given, as text with two; half a cent up. */
export function cents(amount: Decimal.Value): string {
  return new Decimal(amount).toFixed(2, Decimal.ROUND_HALF_UP);
}

/** Percent, as rates are stored, as a share of one, as documents take them, to 12 decimals: `16` → `0.16`. */
export function shareOf(percent: Decimal.Value): string;
export function shareOf(percent: Decimal.Value | null): string | null;
export function shareOf(percent: Decimal.Value | null): string | null {
  return percent === null ? null : new Decimal(percent).div(100).toDecimalPlaces(12).toFixed();
}

/** A name of the database in words: `vacant_land` → `vacant land`. */
export function inWords(name: string): string {
  return name.replaceAll("_", " ");
}
