import { z } from "zod";
import { NUMBER_STYLES } from "#rules/tax-liens/county-amount.ts";
import { isDatePattern } from "#rules/tax-liens/county-date.ts";
import { LIEN_FIELDS, LISTED_STATUSES, PROPERTY_TYPES } from "#rules/tax-liens/lien-fields.ts";
import { blobNameFault } from "#storage/blob-name.ts";
import { fieldForms, rowFilter } from "./column-form.ts";
import { flagFaults, mappedWords } from "./county-words.ts";
import { isEncoding } from "./text-encoding.ts";

const url = z
  .string()
  .max(2_000)
  .refine((text) => URL.canParse(text), "expected a URL such as https://county.example/liens.csv")
  .refine((text) => !URL.canParse(text) || /^https?:$/.test(new URL(text).protocol), "expected a URL with https");

const datePattern = z
  .string()
  .max(30)
  .refine(isDatePattern, "expected a pattern such as MM/DD/YYYY, D-MMM-YY or epoch-ms");

const words = z.array(z.string().max(200)).max(200).default([]);

const reading = {
  fields: fieldForms,
  /** Values for every row: `{"taxYear": "2025"}`. A column's value replaces them where a row has one. */
  constants: z.partialRecord(z.enum(LIEN_FIELDS), z.string().max(200)).default({}),
  /** Conditions on the rows; those that fail one are of another county. */
  where: z.array(rowFilter).max(10).default([]),
  numbers: z.enum(NUMBER_STYLES).default("point"),
  /** Default: percent, with a warning for rates below 1. */
  rates: z.enum(["percent", "fraction"]).optional(),
  /** One pattern, or several that the list mixes. */
  dates: z.union([datePattern, z.array(datePattern).min(1).max(5)]).default("YYYY-MM-DD"),
  /** The last two-digit year of this century. Default 68; tax years of two digits need it. */
  pivot: z.int().min(0).max(99).optional(),
  /** The county's terms, mapped to ours. */
  statuses: mappedWords(LISTED_STATUSES),
  propertyTypes: mappedWords(PROPERTY_TYPES),
  /** The words of flags, besides yes, y, true, t, 1, x, no, n, false, f, 0. */
  flags: z
    .partialRecord(
      z.enum(["bankruptcy", "environmental", "codeViolations"]),
      z.strictObject({ yes: words, no: words, other: z.enum(["yes", "no"]).optional() }).superRefine(flagFaults),
    )
    .default({}),
  /** Default: marks of spreadsheets are removed from ids, and damaged ids are refused. */
  ids: z.enum(["cleaned", "as-written"]).default("cleaned"),
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
    /** The list is the file that was uploaded last: POST api/counties/{id}/lists. */
    upload: z.literal(true).optional(),
    /** Default: the most frequent one of , ; tab | in the header. */
    delimiter: z.enum([",", ";", "\t", "|"]).optional(),
    /** Whether the first line names the columns. Without it all columns are positions. */
    header: z.boolean().default(true),
    /** Lines before the header or, without one, before the first row. */
    skipLines: z.int().min(0).max(100).default(0),
    /** Whether the last line has a line end. Without the expected one the file may be cut off: no lien is delisted. */
    lastLineEnd: z.boolean().default(true),
    ...reading,
  })
  .refine(({ url, blob, upload }) => [url, blob, upload].filter((one) => one !== undefined).length === 1, {
    path: ["url"],
    message: "expected one of url, blob and upload",
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

export const sourceShape = z.discriminatedUnion("kind", [csv, json, html]);

/** How to fetch and read a county's list. */
export type CountySource = z.output<typeof sourceShape>;
export type SourceOf<Kind extends CountySource["kind"]> = Extract<CountySource, { kind: Kind }>;
