import { wordKey } from "#rules/tax-liens/list-words.ts";
import { type ListColumn, listError } from "./county-list.ts";

/**
 * The indexes of the columns in the header of the source.
 * @throws ProviderError naming the missing or ambiguous and the present columns
 */
export function columnPlaces(list: string, columns: readonly ListColumn[], header: readonly string[]): number[] {
  const names = header.map(wordKey);
  const missing = columns.filter((column) => typeof column === "string" && !names.includes(wordKey(column)));
  if (missing.length > 0) {
    throw listError(
      list,
      `has no column ${missing.map((name) => JSON.stringify(name)).join(", ")}; expected what source.fields names, got ${shown(header)}`,
    );
  }
  return columns.map((column) => {
    if (typeof column === "string") return onlyPlace(list, column, names);
    const position = typeof column === "number" ? column : column.position;
    const there = header[position - 1];
    if (there === undefined) throw listError(list, `has no column ${position}: it has ${header.length} columns`);
    if (typeof column === "object" && names[position - 1] !== wordKey(column.column)) {
      throw listError(list, `has ${JSON.stringify(there.slice(0, 60))} as column ${position}, not ${column.column}`);
    }
    return position - 1;
  });
}

/** The names of the columns that nothing reads; the position of one without a name. */
export function unreadColumns(header: readonly string[], places: readonly number[]): string[] {
  const read = new Set(places);
  return header.flatMap((name, place) => (read.has(place) ? [] : [name.trim().slice(0, 60) || String(place + 1)]));
}

/** Whether a list needs no header: each column has only a position. */
export function areOnlyPositions(columns: readonly ListColumn[]): columns is readonly number[] {
  return columns.every((column) => typeof column === "number");
}

function onlyPlace(list: string, column: string, names: readonly string[]): number {
  const key = wordKey(column);
  const places = names.flatMap((name, place) => (name === key ? place : []));
  if (places.length === 1) return places[0]!;
  const positions = places.map((place) => place + 1);
  throw listError(
    list,
    `has ${places.length} columns ${JSON.stringify(column)}, at ${positions.join(", ")}: write {"column": ${JSON.stringify(column)}, "position": ${positions[0]}} for the one to read`,
  );
}

/** The first names of a header, for an error. */
export function shown(header: readonly string[]): string {
  const present = header.slice(0, 40).map((name) => JSON.stringify(name.trim().slice(0, 60)));
  return present.join(", ") || "none";
}
