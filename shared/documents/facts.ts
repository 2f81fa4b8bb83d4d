import { z } from "zod";

/** What the contexts of templates are made of. Amounts are decimal text, so that no cent is lost on the way. */
export const words = z.string().max(20_000);
export const money = z.string().regex(/^-?\d{1,15}(\.\d{1,2})?$/, 'expected an amount such as "1234.50"');
/** A share of one: 0.16 is 16 %. */
export const share = z.string().regex(/^-?\d{1,6}(\.\d{1,12})?$/, 'expected a share of one such as "0.16"');
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
  minimumFractionDigits: 1,
  maximumFractionDigits: 2,
});
const DAY = new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone: "UTC" });

/** What stands where there is nothing to show. */
export const NOTHING = "\u2013";

/** `1234.5` → `$1,234.50`, exactly: the text is never made a binary number. */
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

/** Two columns of what is known, one thing a row. */
export function factTable(rows: readonly (readonly [string, string])[]) {
  const columns = [
    { title: "What", align: "left", share: 1 },
    { title: "As recorded", align: "left", share: 2.2 },
  ] as const;
  return { kind: "table", columns, rows } as const;
}

export function lienFacts(known: z.output<typeof lien>): [string, string][] {
  return [
    ["Certificate", known.certificate],
    ["County", `${known.county}, ${known.state}`],
    ["Tax year", String(known.taxYear)],
    ["Status", known.status],
    ["Face amount", dollars(known.face)],
    ["Interest rate", percent(known.rate)],
    ["Sold on", day(known.soldOn)],
    ["Redeemable until", day(known.redeemableUntil)],
  ];
}

export function propertyFacts(known: z.output<typeof property>): [string, string][] {
  return [
    ["Parcel", known.parcel],
    ["Address", known.address ?? NOTHING],
    ["Type", known.type],
    ["Value", dollars(known.value)],
    ["Valued on", day(known.valuedOn)],
  ];
}
