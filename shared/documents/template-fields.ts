import { z } from "zod";
import type { FactLists } from "./document-model.ts";

/** Field schemas for the contexts of templates. Amounts are decimal texts, so that no cent is lost. */
export const words = z.string().max(20_000);
export const money = z.string().regex(/^-?\d{1,20}(\.\d{1,2})?$/, 'expected an amount such as "1234.50"');
/** A fraction of one: 0.16 is 16 %. */
export const share = z.string().regex(/^-?\d{1,20}(\.\d{1,12})?$/, 'expected a share of one such as "0.16"');
export const score = z.number().min(0).max(100);
export const date = z.iso.date();

export const lien = z.strictObject({
  certificate: words.min(1),
  county: words.min(1),
  state: words.min(1),
  taxYear: z.int().min(1900).max(2200),
  status: words.min(1),
  face: money,
  rate: share.nullable(),
  /** Amount of prior liens on the same property. */
  prior: money.nullish(),
  soldOn: date.nullish(),
  redeemableUntil: date.nullish(),
});

export const property = z.strictObject({
  parcel: words.min(1),
  address: words.nullish(),
  type: words.min(1),
  value: money.nullish(),
  valuedOn: date.nullish(),
});

const DOLLARS = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const PERCENT = new Intl.NumberFormat("en-US", {
  style: "percent",
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const DAY = new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone: "UTC" });

/** Shown for a missing value. */
export const NOTHING = "\u2013";

/** `1234.5` → `$1,234.50`, exactly: the text is never converted to a binary number. */
export function dollars(amount: string | null | undefined): string {
  return amount == null ? NOTHING : DOLLARS.format(amount as `${number}`);
}

export function percent(value: string | null | undefined): string {
  return value == null ? NOTHING : PERCENT.format(value as `${number}`);
}

/** `2026-03-10` → `March 10, 2026`. */
export function day(value: string | null | undefined): string {
  return value == null ? NOTHING : DAY.format(new Date(`${value}T00:00:00Z`));
}

/** Capitalises the first letter: `vacant land` → `Vacant land`. */
export function capital(text: string): string {
  return text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
}

/**
 * The certificate and its property side by side, without its number and county, which are in the heading.
 * @param more further facts about the certificate
 */
export function certificateAndProperty(
  certificate: z.output<typeof lien>,
  parcel: z.output<typeof property>,
  more: readonly (readonly [string, string])[] = [],
): FactLists {
  return {
    kind: "facts",
    lists: [
      {
        title: "The certificate",
        facts: [
          ["Tax year", String(certificate.taxYear)],
          ["Status", capital(certificate.status)],
          ["Face amount", dollars(certificate.face)],
          ["Rate", certificate.rate === null ? "None bid yet" : percent(certificate.rate)],
          ["Sold on", day(certificate.soldOn)],
          ["Redeemable until", day(certificate.redeemableUntil)],
          ...more,
        ],
      },
      {
        title: "The property",
        facts: [
          ["Parcel", parcel.parcel],
          ["Address", parcel.address ?? NOTHING],
          ["Type", capital(parcel.type)],
          ["Value", dollars(parcel.value)],
          ["Valued on", day(parcel.valuedOn)],
          ...(certificate.prior == null
            ? []
            : ([["Prior liens", Number(certificate.prior) === 0 ? "None" : dollars(certificate.prior)]] as const)),
        ],
      },
    ],
  };
}
