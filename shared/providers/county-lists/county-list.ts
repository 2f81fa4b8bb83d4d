import type { ErrorClass } from "#jobs/error-class.ts";
import { ProviderError } from "../provider-error.ts";

/** A row of a list in its source format. */
export interface ListedRow {
  /** In a file the line in which the row ends, otherwise the number of the record; from 1. */
  readonly line: number;
  /** The values of the requested columns, in their order. */
  readonly values: readonly string[];
  /** Why the row cannot be read; undefined when it can. */
  readonly fault?: string;
  /** The whole row as text, for people. */
  readonly raw: () => string;
}

/** Reads the list of one county. */
export interface ListReader {
  /**
   * Yields chunks of rows. Read each chunk to its end before the next one: rows are created one by one where the format
   * allows it, so that a file of any size takes little memory. Leaving the loop ends the download.
   */
  read(columns: readonly string[], signal: AbortSignal): AsyncIterable<Iterable<ListedRow>>;
  /** After reading: why the list may have ended early; null when its end is certain. */
  readonly openEnd: () => string | null;
}

/** An error about a list; the message begins with the list's name. Default class: `validation`. */
export function listError(list: string, what: string, errorClass: ErrorClass = "validation"): ProviderError {
  return new ProviderError(`${list} ${what}`, { provider: list, errorClass });
}

/**
 * The indexes of the columns in the header of the source.
 * @throws ProviderError naming the missing and the present columns
 */
export function columnIndexes(list: string, columns: readonly string[], header: readonly string[]): number[] {
  const names = header.map(tidy);
  const places = columns.map((column) => names.indexOf(tidy(column)));
  const missing = columns.filter((_, i) => places[i] === -1);
  if (missing.length === 0) return places;
  const present = header.slice(0, 40).map((name) => name.trim().slice(0, 60));
  throw listError(
    list,
    `has no column ${missing.map((name) => JSON.stringify(name)).join(", ")}; expected what source.fields names, got ${
      present.map((name) => JSON.stringify(name)).join(", ") || "none"
    }`,
  );
}

function tidy(name: string): string {
  return name.replace(/\s+/g, " ").trim().toLowerCase();
}
