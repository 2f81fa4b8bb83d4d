import { z } from "zod";
import { FIELD_KINDS, LIEN_FIELDS, type LienField } from "#rules/tax-liens/lien-fields.ts";
import { wordKey } from "#rules/tax-liens/list-words.ts";
import { groupFault, patternFault } from "#text/linear-pattern.ts";

const name = z
  .string()
  .max(200)
  .refine((text) => wordKey(text) !== "", "expected the name of a column");
const position = z.int().min(1).max(1_000);

/** A column by its name, by its position from 1, or by both, which must agree. */
const listColumn = z.union([name, position, z.strictObject({ position, column: name })]);

const part = z
  .string()
  .max(200)
  .superRefine((pattern, context) => {
    const fault = patternFault(pattern) ?? groupFault(pattern);
    const message = `expected a pattern in RE2 syntax such as (\\d{4}): ${fault}`;
    // As an object, which does not hide the reason behind the union's.
    if (fault) context.addIssue({ code: "custom", message });
  });

/**
 * Where the text of a field comes from: a column; several whose texts are joined with a blank; the sum of amounts; the
 * part of a column's text, or of the file's name, that a pattern matches.
 */
const columnForm = z.union(
  [
    listColumn,
    z.array(listColumn).min(1).max(5),
    z.strictObject({ sum: z.array(listColumn).min(2).max(10) }),
    z.strictObject({ column: z.union([name, position]), match: part }),
    z.strictObject({ fileName: part }),
  ],
  {
    error: 'expected the name of a column, its position from 1, or a form such as {"sum": […]} (docs/county-lists.md)',
  },
);
export type ColumnForm = z.output<typeof columnForm>;

/** Fields whose columns may be joined: a join of numbers or dates is another number. */
const JOINABLE: ReadonlySet<string> = new Set(["id", "text", "word"]);

/** The source's column for each field. */
export const fieldForms = z
  .partialRecord(z.enum(LIEN_FIELDS), columnForm)
  .refine((fields) => fields.parcelId !== undefined, "parcelId: expected the column with the parcel's id")
  .refine((fields) => fields.faceAmount !== undefined, "faceAmount: expected the column with the lien's amount")
  .superRefine((fields, context) => {
    for (const [field, form] of Object.entries(fields)) {
      const fault = formFault(field as LienField, form);
      if (fault) context.addIssue({ code: "custom", path: [field], message: fault });
    }
  });

/** One condition on the rows: only those with, or without, these words in a column are of this county. */
export const rowFilter = z
  .strictObject({
    column: listColumn,
    is: z.array(z.string().max(200)).min(1).max(500).optional(),
    isNot: z.array(z.string().max(200)).min(1).max(500).optional(),
  })
  .refine(({ is, isNot }) => (is === undefined) !== (isNot === undefined), "expected either is or isNot");
export type RowFilter = z.output<typeof rowFilter>;

function formFault(field: LienField, form: ColumnForm): string | undefined {
  const kind = FIELD_KINDS[field];
  if (Array.isArray(form) && form.length > 1 && !JOINABLE.has(kind)) {
    return kind === "amount"
      ? 'expected one column, or {"sum": […]} for several amounts: joined texts are another number'
      : "expected one column: only texts can be joined";
  }
  if (isSum(form) && kind !== "amount") return "expected no sum: only amounts have one";
  return undefined;
}

export function isSum(form: ColumnForm): form is Extract<ColumnForm, { sum: unknown }> {
  return typeof form === "object" && "sum" in form;
}

export function isMatch(form: ColumnForm): form is Extract<ColumnForm, { match: string }> {
  return typeof form === "object" && "match" in form;
}

export function isFileName(form: ColumnForm): form is Extract<ColumnForm, { fileName: string }> {
  return typeof form === "object" && "fileName" in form;
}
