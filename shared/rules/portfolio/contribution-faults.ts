import { type CivilDate, isCivilDate } from "../civil-date.ts";
import { isCurrencyCode, isKnownCurrency, minorDigits } from "./currency.ts";

/** A contribution as the caller gives it. */
export interface GivenContribution {
  readonly reference: string;
  readonly date: string;
  readonly amount: string;
  readonly currency: string;
}

export interface ContributionFault {
  /** Index in the list and field: `1.amount`. */
  readonly field: string;
  readonly reason: string;
}

/** The faults of contributions before they are booked; empty when they are valid. */
export function contributionFaults(given: readonly GivenContribution[], today: CivilDate): ContributionFault[] {
  const seen = new Map<string, number>();
  return given.flatMap((one, index) => {
    const faults: ContributionFault[] = [];
    const fault = (field: keyof GivenContribution, reason: string) =>
      faults.push({ field: `${index}.${field}`, reason });
    const earlier = seen.get(one.reference);
    if (earlier !== undefined) fault("reference", `is also the reference of contribution ${earlier}`);
    seen.set(one.reference, earlier ?? index);
    if (!isCivilDate(one.date)) fault("date", `expected a date that exists, as YYYY-MM-DD, got ${quoted(one.date)}`);
    else if (one.date > today) fault("date", `${one.date} is in the future (today is ${today})`);
    const currency = currencyFault(one.currency);
    if (currency) fault("currency", currency);
    const amount = amountFault(one.amount, currency ? undefined : one.currency);
    if (amount) fault("amount", amount);
    return faults;
  });
}

/** The fault of a currency code; undefined when it is valid. */
export function currencyFault(code: string): string | undefined {
  if (!isCurrencyCode(code)) return `expected a currency code such as "EUR", got ${quoted(code)}`;
  return isKnownCurrency(code) ? undefined : `expected a currency of ISO 4217, got ${quoted(code)}`;
}

function amountFault(amount: string, currency: string | undefined): string | undefined {
  if (!/^\d{1,15}(\.\d{1,12})?$/.test(amount) || !/[1-9]/.test(amount)) {
    return `expected an amount above zero as a decimal, such as "250.00", got ${quoted(amount)}`;
  }
  if (currency === undefined) return undefined;
  const [digits, decimals = ""] = [minorDigits(currency), amount.split(".")[1]?.replace(/0+$/, "")];
  return decimals.length > digits
    ? `expected at most ${digits} decimals of ${currency}, got ${quoted(amount)}`
    : undefined;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
