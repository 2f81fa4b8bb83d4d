import { wordKey } from "#rules/tax-liens/list-words.ts";
import { columnsOf, placeOf } from "./field-texts.ts";
import type { CountySource } from "./source-shape.ts";

/** Whether a row is of the county: a list may have the rows of several. */
export function rowFilterOf(source: CountySource): (values: readonly string[]) => boolean {
  const columns = columnsOf(source);
  const conditions = source.where.map(({ column, is, isNot }) => ({
    place: placeOf(columns, column),
    words: new Set((is ?? isNot ?? []).map(wordKey)),
    isWanted: is !== undefined,
  }));
  return (values) =>
    conditions.every(({ place, words, isWanted }) => words.has(wordKey(values[place] ?? "")) === isWanted);
}
