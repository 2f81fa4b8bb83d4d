import { z } from "zod";
import { isDatePattern } from "#rules/tax-liens/county-date.ts";
import { LIEN_FIELDS, type LienField, LISTED_STATUSES, PROPERTY_TYPES } from "#rules/tax-liens/lien-fields.ts";
import { blobNameFault } from "#storage/blob-name.ts";
import { isEncoding } from "./text-encoding.ts";

const url = z
  .string()
  .max(2_000)
  .refine((text) => URL.canParse(text), "expected a URL such as https://county.example/liens.csv")
  .refine((text) => !URL.canParse(text) || /^https?:$/.test(new URL(text).protocol), "expected a URL with https");

/** One column, or several whose texts are joined with a space. */
const column = z.union([z.string().min(1).max(200), z.array(z.string().min(1).max(200)).min(1).max(5)]);

const reading = {
  /** The source's column for each field, as in its header; case and surrounding spaces are ignored. */
  fields: z
    .partialRecord(z.enum(LIEN_FIELDS), column)
    .refine((fields) => fields.parcelId !== undefined, "parcelId: expected the column with the parcel's id")
    .refine((fields) => fields.faceAmount !== undefined, "faceAmount: expected the column with the lien's amount"),
  /** Values for every row: `{"taxYear": "2025"}`. */
  constants: z.partialRecord(z.enum(LIEN_FIELDS), z.string().max(200)).default({}),
  numbers: z.enum(["point", "comma"]).default("point"),
  dates: z.string().max(20).refine(isDatePattern, "expected a pattern such as MM/DD/YYYY").default("YYYY-MM-DD"),
  /** The county's terms, mapped to ours. */
  statuses: z.record(z.string(), z.enum(LISTED_STATUSES)).default({}).transform(lowerCased),
  propertyTypes: z.record(z.string(), z.enum(PROPERTY_TYPES)).default({}).transform(lowerCased),
  /** Default: by the byte order mark, otherwise UTF-8 when the beginning is valid UTF-8, otherwise windows-1252. */
  encoding: z.string().refine(isEncoding, "expected an encoding such as utf-8 or windows-1252").optional(),
};

const csv = z
  .strictObject({
    kind: z.literal("csv"),
    url: url.optional(),
    /** Name in the blob container `county-lists`. */
    blob: z
      .string()
      .superRefine((name, context) => {
        const fault = blobNameFault(name);
        if (fault) context.addIssue(fault);
      })
      .optional(),
    /** Default: the most frequent one of , ; tab | in the header. */
    delimiter: z.enum([",", ";", "\t", "|"]).optional(),
    /** Lines before the header. */
    skipLines: z.int().min(0).max(100).default(0),
    /** Whether the last line has a line end. Without the expected one the file may be cut off: no lien is delisted. */
    lastLineEnd: z.boolean().default(true),
    ...reading,
  })
  .refine((source) => (source.url === undefined) !== (source.blob === undefined), {
    path: ["url"],
    message: "expected either url or blob",
  });

const json = z.strictObject({
  kind: z.literal("json"),
  url,
  /** Path of the records in the response: `data.rows`. Default: the response is the array. */
  records: z.string().max(200).optional(),
  /** Default: Socrata's paging. Null: one response has all records. */
  paging: z
    .strictObject({
      limitParameter: z.string().min(1).default("$limit"),
      offsetParameter: z.string().min(1).default("$offset"),
      orderParameter: z.string().min(1).default("$order"),
      /** A stable order of the records, without which pages overlap. */
      order: z.string().min(1).default(":id"),
      size: z.int().min(1).max(50_000).default(10_000),
    })
    .nullable()
    .default({
      limitParameter: "$limit",
      offsetParameter: "$offset",
      orderParameter: "$order",
      order: ":id",
      size: 10_000,
    }),
  ...reading,
});

const html = z.strictObject({
  kind: z.literal("html"),
  url,
  /** CSS selectors of the rows with liens, the cells of a row, the column titles and the link to the next page. */
  rows: z.string().min(1).max(500).default("table tbody tr"),
  cells: z.string().min(1).max(500).default("td"),
  header: z.string().min(1).max(500).default("table thead th"),
  next: z.string().min(1).max(500).optional(),
  ...reading,
});

/** How to fetch and read a county's list. */
export const countySourceSchema = z.discriminatedUnion("kind", [csv, json, html]).superRefine((source, context) => {
  if (source.fields.taxYear === undefined && source.constants.taxYear === undefined) {
    context.addIssue({
      code: "custom",
      path: ["fields", "taxYear"],
      message: "expected a column, or a constant taxYear",
    });
  }
});

export type CountySource = z.output<typeof countySourceSchema>;
export type SourceOf<Kind extends CountySource["kind"]> = Extract<CountySource, { kind: Kind }>;

/** The columns that a source needs, in the order of `ListedRow.values`. */
export function columnsOf({ fields }: CountySource): string[] {
  return [...new Set(Object.values(fields).flat())];
}

/** Converts the values of a row, in the order of `columnsOf`, to fields. */
export function fieldReader(source: CountySource): (values: readonly string[]) => Partial<Record<LienField, string>> {
  const columns = columnsOf(source);
  const places = Object.entries(source.fields).map(
    ([field, given]) => [field as LienField, [given].flat().map((name) => columns.indexOf(name))] as const,
  );
  return (values) => {
    const written: Partial<Record<LienField, string>> = { ...source.constants };
    for (const [field, [first = 0, ...more]] of places) {
      const value = more.length ? [first, ...more].map((place) => values[place]).join(" ") : (values[first] ?? "");
      // The constant replaces an empty cell.
      if (value.trim() !== "" || written[field] === undefined) written[field] = value;
    }
    return written;
  };
}

function lowerCased<Value>(words: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(words).map(([word, value]) => [word.trim().toLowerCase(), value]));
}
