import type { ErrorClass } from "#jobs/error-class.ts";
import type { Finding } from "#rules/tax-liens/row-finding.ts";
import { ProviderError } from "../provider-error.ts";

/** A row of a list in its source format. */
export interface ListedRow {
  /** In a file the line in which the row ends, otherwise the number of the record; from 1. */
  readonly line: number;
  /** The values of the requested columns, in their order. */
  readonly values: readonly string[];
  /** Why the row cannot be read; undefined when it can. */
  readonly fault?: Finding;
  /** The whole row as text, for people. */
  readonly raw: () => string;
}

/** A column by its name in the header, by its position from 1, or by both, which must agree. */
export type ListColumn = string | number | { readonly position: number; readonly column: string };

/** Reads the list of one county. */
export interface ListReader {
  /**
   * Yields chunks of rows. Read each chunk to its end before the next one: rows are created one by one where the format
   * allows it, so that a file of any size takes little memory. Leaving the loop ends the download.
   */
  read(columns: readonly ListColumn[], signal: AbortSignal): AsyncIterable<Iterable<ListedRow>>;
  /** After reading: why the list may have ended early; null when its end is certain. */
  readonly openEnd: () => string | null;
  /** After reading: warnings about the whole list. */
  readonly warnings: () => readonly Finding[];
  /** After reading: the columns of the rows that the source does not name. */
  readonly unread: () => readonly string[];
}

/** A fault of a whole row. */
export function rowFault(code: Finding["code"], reason: string): Finding {
  return { field: "row", code, reason };
}

/** An error about a list; the message begins with the list's name. Default class: `validation`. */
export function listError(list: string, what: string, errorClass: ErrorClass = "validation"): ProviderError {
  return new ProviderError(`${list} ${what}`, { provider: list, errorClass });
}
