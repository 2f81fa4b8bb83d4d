import type { ErrorClass } from "#jobs/error-class.ts";
import { ProviderError } from "../provider-error.ts";

/** A row of a list as it came. */
export interface ListedRow {
  /** In a file the line that it ends in, else the number of the record; from 1. */
  readonly line: number;
  /** The values of the columns that are asked for, in their order. */
  readonly values: readonly string[];
  /** Why the row cannot be read, if it cannot. */
  readonly fault?: string;
  /** The whole row as text, for a person. */
  readonly raw: () => string;
}

/** What reads one county's list. */
export interface ListReader {
  /**
   * In portions, each to be gone through before the next is asked for, and where the source can be read row by row each row made when its
   * turn comes: so that a file of any size takes little memory. Leaving the loop ends the download.
   */
  read(columns: readonly string[], signal: AbortSignal): AsyncIterable<Iterable<ListedRow>>;
}

/** Trouble with a list, said of it by name. */
export function listTrouble(list: string, what: string, errorClass: ErrorClass = "validation"): ProviderError {
  return new ProviderError(`${list} ${what}`, { provider: list, errorClass });
}

/** Where the columns are among those that the source has. @throws ProviderError naming what is missing and what there is */
export function placesOf(list: string, columns: readonly string[], header: readonly string[]): number[] {
  const names = header.map(tidy);
  const places = columns.map((column) => names.indexOf(tidy(column)));
  const missing = columns.filter((_, i) => places[i] === -1);
  if (missing.length === 0) return places;
  const there = header.slice(0, 40).map((name) => name.trim().slice(0, 60));
  throw listTrouble(
    list,
    `has no column ${missing.map((name) => JSON.stringify(name)).join(", ")}; expected what source.fields names, got ${
      there.map((name) => JSON.stringify(name)).join(", ") || "none"
    }`,
  );
}

function tidy(name: string): string {
  return name.replace(/\s+/g, " ").trim().toLowerCase();
}
