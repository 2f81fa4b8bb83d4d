import { Decimal } from "decimal.js";
import { readAmount } from "#rules/tax-liens/county-amount.ts";
import type { LienField } from "#rules/tax-liens/lien-fields.ts";
import { isMissing } from "#rules/tax-liens/list-words.ts";
import { type Finding, NO_FINDINGS } from "#rules/tax-liens/row-finding.ts";
import { withoutTextMark } from "#rules/tax-liens/spreadsheet-marks.ts";
import { partFinder } from "#text/linear-pattern.ts";
import { type ColumnForm, isFileName, isMatch, isSum } from "./column-form.ts";
import type { ListColumn } from "./county-list.ts";
import type { CountySource } from "./source-shape.ts";

/** The texts of a row's fields in the county's format, and why a text was not found. */
export interface FieldTexts {
  readonly texts: Partial<Record<LienField, string>>;
  readonly faults: readonly Finding[];
}

type Values = readonly string[];
type TextOf = (values: Values) => string | Finding;

/** The columns that a source needs, in the order of `ListedRow.values`. */
export function columnsOf({ fields, where }: Pick<CountySource, "fields" | "where">): ListColumn[] {
  const columns = [...Object.values(fields).flatMap(columnsIn), ...where.map(({ column }) => column)];
  return [...new Map(columns.map((column) => [keyOf(column), column])).values()];
}

/** The columns without which no row is a lien. */
export function essentialColumns({ fields, constants, where }: CountySource): ListColumn[] {
  const essential = (["parcelId", "faceAmount", "taxYear"] as const).flatMap((field) => {
    const form = fields[field];
    return form === undefined || isSum(form) || constants[field] !== undefined ? [] : columnsIn(form);
  });
  return [...essential, ...where.map(({ column }) => column)];
}

/** The place of a column in `ListedRow.values`. */
export function placeOf(columns: readonly ListColumn[], column: ListColumn): number {
  return columns.findIndex((other) => keyOf(other) === keyOf(column));
}

/** Converts the values of a row, in the order of `columnsOf`, to the texts of fields. */
export function fieldTexts(source: CountySource): (values: Values) => FieldTexts {
  const columns = columnsOf(source);
  const constants = { ...source.constants, ...fileNameTexts(source) };
  const readers = Object.entries(source.fields)
    .filter(([, form]) => !isFileName(form))
    .map(([field, form]) => [field as LienField, textReader(field as LienField, form, columns, source)] as const);
  return (values) => {
    const texts: FieldTexts["texts"] = { ...constants };
    let faults = NO_FINDINGS;
    for (const [field, read] of readers) {
      const text = read(values);
      if (typeof text !== "string") faults = [...faults, text];
      // The constant replaces an empty cell.
      else if (texts[field] === undefined || !isMissing(text)) texts[field] = text;
    }
    return { texts, faults };
  };
}

/** The texts that the name of the source's file has, by field. */
export function fileNameTexts(source: CountySource): Partial<Record<LienField, string>> {
  const texts: Partial<Record<LienField, string>> = {};
  for (const [field, form] of Object.entries(source.fields)) {
    const text = isFileName(form) ? partFinder(form.fileName)(fileNameOf(source)) : null;
    if (text !== null) texts[field as LienField] = text;
  }
  return texts;
}

/** The last part of the address or of the blob's name. */
export function fileNameOf(source: CountySource): string {
  // The blob of an upload is known when it is read; until then it has no name.
  const path = source.kind === "csv" && source.url === undefined ? (source.blob ?? "") : new URL(source.url!).pathname;
  const name = path.slice(path.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function textReader(field: LienField, form: ColumnForm, columns: readonly ListColumn[], source: CountySource): TextOf {
  const places = columnsIn(form).map((column) => placeOf(columns, column));
  const [first = 0] = places;
  if (isMatch(form)) return matching(field, form.match, first);
  if (isSum(form)) return summing(places, source.numbers);
  if (places.length === 1) return (values) => values[first] ?? "";
  return (values) =>
    places
      .map((place) => values[place] ?? "")
      .filter((text) => !isMissing(text))
      .join(" ");
}

function matching(field: LienField, pattern: string, place: number): TextOf {
  const find = partFinder(pattern);
  return (values) => {
    const text = values[place] ?? "";
    if (isMissing(text)) return "";
    const found = find(text);
    if (found !== null) return found;
    const reason = `expected a text with ${pattern}, got ${JSON.stringify(text.slice(0, 60))}`;
    return { field, code: "no-match", reason };
  };
}

/** A text that is no amount is returned unchanged, so that the row is refused for it. */
function summing(places: readonly number[], style: CountySource["numbers"]): TextOf {
  return (values) => {
    const texts = places
      .map((place) => withoutTextMark((values[place] ?? "").trim()))
      .filter((text) => !isMissing(text));
    let sum = new Decimal(0);
    for (const text of texts) {
      const amount = readAmount(text, style);
      if (amount === null || amount.startsWith("-")) return text;
      sum = sum.plus(amount);
    }
    if (texts.length === 0) return "";
    return style.endsWith("comma") ? sum.toFixed().replace(".", ",") : sum.toFixed();
  };
}

function columnsIn(form: ColumnForm): ListColumn[] {
  if (Array.isArray(form)) return form;
  if (isFileName(form)) return [];
  if (isSum(form)) return form.sum;
  return [isMatch(form) ? form.column : form];
}

function keyOf(column: ListColumn): string {
  return typeof column === "object" ? `${column.position} ${column.column}` : `${typeof column} ${column}`;
}
