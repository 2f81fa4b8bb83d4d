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
  /** Null: the county issues none, and the parcel names the lien. */
  certificate: words.min(1).nullable(),
  county: words.min(1),
  state: words.min(1),
  taxYear: z.int().min(1900).max(2200),
  status: words.min(1),
  face: money,
  premium: money.nullish(),
  fees: money.nullish(),
  penalties: money.nullish(),
  rate: share.nullable(),
  /** Amount of prior liens on the same property. Null: unknown. */
  prior: money.nullish(),
  soldOn: date.nullish(),
  redeemableUntil: date.nullish(),
});

export const property = z.strictObject({
  parcel: words.min(1),
  address: words.nullish(),
  owner: words.nullish(),
  legalDescription: words.nullish(),
  type: words.min(1),
  value: money.nullish(),
  /** Where the value is from: `valuation by rentcast`, `assessment by the county`. */
  valueSource: words.nullish(),
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

/** The lien in a title: its certificate, else its parcel. */
export function nameOf(
  { certificate }: Pick<z.output<typeof lien>, "certificate">,
  { parcel }: { parcel: string },
): string {
  return certificate === null ? `parcel ${parcel}` : `certificate ${certificate}`;
}

/** The lien in a sentence. */
export function subjectOf(given: z.output<typeof lien>, parcel: z.output<typeof property>): string {
  const name = given.certificate === null ? `The lien on parcel ${parcel.parcel}` : `Certificate ${given.certificate}`;
  return `${name} of ${given.county}`;
}

type Facts = readonly (readonly [string, string])[];

/** The lien and its property side by side, then the long texts about the property. */
export function lienAndPropertyFacts(given: z.output<typeof lien>, parcel: z.output<typeof property>): FactLists[] {
  const amounts: Facts = [
    ...ifGiven("Premium", given.premium),
    ...ifGiven("Fees", given.fees),
    ...ifGiven("Penalties", given.penalties),
  ];
  const source = parcel.valueSource ?? (parcel.valuedOn == null ? null : "valuation");
  const lists = [
    {
      title: "The lien",
      facts: [
        ["Tax year", String(given.taxYear)],
        ["Status", capital(given.status)],
        ["Face amount", dollars(given.face)],
        ...amounts,
        ["Rate", given.rate === null ? "None stated" : percent(given.rate)],
        ["Sold on", given.soldOn == null ? "Not known" : day(given.soldOn)],
        ["Redeemable until", given.redeemableUntil == null ? "Not known" : day(given.redeemableUntil)],
      ],
    },
    {
      title: "The property",
      facts: [
        ["Parcel", parcel.parcel],
        ["Address", parcel.address ?? "Not known"],
        ["Type", capital(parcel.type)],
        ["Value", parcel.value == null ? "Not known" : dollars(parcel.value)],
        ...(parcel.value != null && source !== null ? [["Source of the value", capital(source)] as const] : []),
        ...(parcel.value == null || parcel.valuedOn == null ? [] : [["Value of", day(parcel.valuedOn)] as const]),
        ["Prior liens", priorOf(given.prior)],
      ],
    },
  ] as const;
  const long: Facts = [
    ...(parcel.owner ? [["Owner", parcel.owner] as const] : []),
    ...(parcel.legalDescription ? [["Legal description", parcel.legalDescription] as const] : []),
  ];
  return [
    { kind: "facts", lists },
    ...(long.length ? [{ kind: "facts", lists: [{ title: "Owner and land", facts: long }] } as const] : []),
  ];
}

function ifGiven(label: string, amount: string | null | undefined): Facts {
  return amount == null ? [] : [[label, Number(amount) === 0 ? "None" : dollars(amount)]];
}

function priorOf(prior: string | null | undefined): string {
  if (prior == null) return "Not known";
  return Number(prior) === 0 ? "None listed" : dollars(prior);
}
