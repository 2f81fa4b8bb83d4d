/** The kinds of faults of a row and of warnings about one. */
export type FindingCode =
  // Faults: the row is refused.
  | "cells"
  | "merged-rows"
  | "cut-off"
  | "no-record"
  | "missing"
  | "no-match"
  | "too-long"
  | "unreadable-text"
  | "damaged-by-spreadsheet"
  | "no-year"
  | "no-amount"
  | "negative"
  | "too-small"
  | "too-large"
  | "decimals"
  | "no-date"
  | "dates-out-of-order"
  | "unknown-word"
  | "no-certificate"
  // Warnings: the row is read.
  | "unmapped"
  | "rate-below-one"
  | "decimal-id"
  | "spreadsheet-error"
  | "absent-column"
  | "hidden";

/** A fault of a row, or a warning about one. */
export interface Finding {
  /** Name of the field; `row` for the whole row. */
  readonly field: string;
  readonly code: FindingCode;
  /** What was expected and what the row has. */
  readonly reason: string;
  /** The word of the list that the warning is about: each word is counted. */
  readonly word?: string;
}

export const NO_FINDINGS: readonly Finding[] = [];

/** `faceAmount: expected an amount such as 1,234.56, got "NA"` */
export function findingText({ field, reason }: Finding): string {
  return `${field}: ${reason}`;
}

export interface FindingCount {
  readonly field: string;
  readonly code: FindingCode;
  readonly word?: string;
  readonly rows: number;
  /** The first one: its reason, and its line or the number of its record. Null: of the whole list. */
  readonly reason: string;
  readonly line: number | null;
  /** The first five lines or numbers of records. */
  readonly lines: readonly number[];
}

const MOST_LINES = 5;
/** Different words that are counted; further ones are counted together. */
const MOST_WORDS = 50;

/** Counts the findings of a list by field, kind and word. */
export class FindingCounts {
  readonly #counts = new Map<string, Counted>();
  #words = 0;

  add(findings: readonly Finding[], line: number | null): void {
    for (const finding of findings) this.#addOne(finding, line);
  }

  /** The most frequent ones first. */
  get list(): FindingCount[] {
    return [...this.#counts.values()].sort((a, b) => b.rows - a.rows);
  }

  #addOne({ field, code, reason, word }: Finding, line: number | null): void {
    const known = this.#counts.get(keyOf(field, code, word)) ?? this.#overflow(field, code, word);
    if (known) {
      known.rows += 1;
      if (line !== null && known.lines.length < MOST_LINES) known.lines.push(line);
      return;
    }
    if (word !== undefined) this.#words += 1;
    this.#counts.set(keyOf(field, code, word), {
      field,
      code,
      ...(word !== undefined && { word }),
      rows: 1,
      reason,
      line,
      lines: line === null ? [] : [line],
    });
  }

  /** The count of all further words, once there are too many. */
  #overflow(field: string, code: FindingCode, word: string | undefined) {
    if (word === undefined || this.#words < MOST_WORDS) return undefined;
    const key = keyOf(field, code, "…");
    const reason = `further words, after the first ${MOST_WORDS}`;
    if (!this.#counts.has(key))
      this.#counts.set(key, { field, code, word: "…", rows: 0, reason, line: null, lines: [] });
    return this.#counts.get(key);
  }
}

interface Counted extends Omit<FindingCount, "rows" | "lines"> {
  rows: number;
  readonly lines: number[];
}

function keyOf(field: string, code: FindingCode, word = ""): string {
  return `${field}\n${code}\n${word}`;
}
