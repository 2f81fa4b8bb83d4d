export interface CsvRecord {
  readonly cells: readonly string[];
  /** The line that it ends in, from 1. */
  readonly line: number;
}

/** A record goes on for longer than any does. */
export class RecordTooLong extends Error {
  override name = "RecordTooLong";
}

/** The text ended within a quoted cell. */
export class QuoteNotClosed extends Error {
  override name = "QuoteNotClosed";
}

type LineEnd = "\n" | "\r";

/**
 * Splits the text of a CSV file (RFC 4180) into records as it comes, piece by piece, whatever the pieces are. Lines end with LF, CRLF or,
 * where the first one does, CR; empty ones are passed by. A quote within a cell, or one after which a cell goes on, is text, as
 * spreadsheets have it. In memory is the record that is not whole yet, and never more than `longest` of it.
 */
export class CsvRecords {
  readonly #delimiter: string;
  readonly #longest: number;
  #linesToSkip: number;
  #lineEnd: LineEnd | undefined;
  #line = 0;
  #rest = "";

  /** @param longest in characters */
  constructor({ delimiter, skipLines = 0, longest }: { delimiter: string; skipLines?: number; longest: number }) {
    this.#delimiter = delimiter;
    this.#linesToSkip = skipLines;
    this.#longest = longest;
  }

  /** How many lines the records so far took. */
  get line(): number {
    return this.#line;
  }

  /** @returns what is whole with the next piece, to be read to its end before there is another. @throws RecordTooLong */
  *read(piece: string): Generator<CsvRecord> {
    const text = this.#rest + piece;
    this.#lineEnd ??= firstLineEnd(text);
    if (this.#lineEnd === undefined) this.#keep(text);
    else yield* this.#split(text, this.#lineEnd, "more");
  }

  /** @returns what the text ended with. @throws QuoteNotClosed */
  end(): Generator<CsvRecord> {
    return this.#split(this.#rest, this.#lineEnd ?? "\n", "over");
  }

  *#split(text: string, lineEnd: LineEnd, after: "more" | "over"): Generator<CsvRecord> {
    let quote = -2;
    let at = 0;
    while (at < text.length) {
      const found = text.indexOf(lineEnd, at);
      // Looked for once for many lines: most have none.
      if (quote !== -1 && quote < at) quote = text.indexOf('"', at);
      const end = found === -1 ? text.length : found;
      let record: { readonly cells: readonly string[]; readonly next: number } | null;
      if (this.#linesToSkip > 0 || quote === -1 || quote > end) {
        if (found === -1 && after === "more") break;
        const line = text.slice(at, text[end - 1] === "\r" && end > at ? end - 1 : end);
        record = { cells: this.#linesToSkip > 0 || line === "" ? [] : line.split(this.#delimiter), next: end + 1 };
        this.#linesToSkip = Math.max(0, this.#linesToSkip - 1);
      } else {
        record = quotedRecord(text, at, { delimiter: this.#delimiter, lineEnd, isOver: after === "over" });
        if (!record) {
          if (after === "over") throw new QuoteNotClosed();
          break;
        }
        this.#line += text.slice(at, record.next - 1).split(lineEnd).length - 1;
      }
      this.#line += 1;
      if (record.cells.length) yield { cells: record.cells, line: this.#line };
      at = record.next;
    }
    this.#keep(text.slice(at));
  }

  #keep(rest: string): void {
    this.#rest = rest;
    if (rest.length > this.#longest) throw new RecordTooLong();
  }
}

/** Undefined while it cannot be told: a CR at the end may be half of a CRLF. */
function firstLineEnd(text: string): LineEnd | undefined {
  const at = text.search(/[\r\n]/);
  if (at === -1 || (text[at] === "\r" && at === text.length - 1)) return undefined;
  return text[at] === "\r" && text[at + 1] !== "\n" ? "\r" : "\n";
}

interface Form {
  readonly delimiter: string;
  readonly lineEnd: LineEnd;
  readonly isOver: boolean;
}

/** A record with a quote in it. @returns null when it goes on behind the text */
function quotedRecord(text: string, start: number, form: Form): { cells: string[]; next: number } | null {
  const cells: string[] = [];
  for (let at = start; ;) {
    const cell = text[at] === '"' ? quotedCell(text, at, form) : bareCell(text, at, form);
    if (!cell) return null;
    cells.push(cell.value);
    if (text[cell.end] === form.delimiter) at = cell.end + 1;
    else return { cells, next: cell.end + (text[cell.end] === "\r" && form.lineEnd === "\n" ? 2 : 1) };
  }
}

interface Cell {
  readonly value: string;
  /** Of the delimiter or line end behind it. */
  readonly end: number;
}

function quotedCell(text: string, start: number, form: Form): Cell | null {
  let value = "";
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at);
    // What follows a quote says what it is.
    if (quote === -1 || (!form.isOver && endsUndecided(text, quote + 1))) return null;
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') {
      if (endsCell(text, quote + 1, form)) return { value, end: quote + 1 };
      const tail = bareCell(text, quote, form);
      return tail && { value: `"${value}${tail.value}`, end: tail.end };
    }
    value += '"';
    at = quote + 2;
  }
}

/** Whether there is too little behind a quote: nothing yet, or a CR that may be half of a CRLF. */
function endsUndecided(text: string, at: number): boolean {
  return at === text.length || (at === text.length - 1 && text[at] === "\r");
}

function endsCell(text: string, at: number, { delimiter, lineEnd }: Form): boolean {
  const next = text[at];
  return (
    next === undefined || next === delimiter || next === lineEnd || (next === "\r" && (text[at + 1] ?? "\n") === "\n")
  );
}

/** A cell, or the rest of one, that is text as it stands. */
function bareCell(text: string, start: number, { delimiter, lineEnd, isOver }: Form): Cell | null {
  const [delimiterAt, lineEndAt] = [text.indexOf(delimiter, start), text.indexOf(lineEnd, start)];
  if (delimiterAt !== -1 && (lineEndAt === -1 || delimiterAt < lineEndAt)) {
    return { value: text.slice(start, delimiterAt), end: delimiterAt };
  }
  if (lineEndAt === -1 && !isOver) return null;
  const lineEnds = lineEndAt === -1 ? text.length : lineEndAt;
  const end = lineEnd === "\n" && lineEnds > start && text[lineEnds - 1] === "\r" ? lineEnds - 1 : lineEnds;
  return { value: text.slice(start, end), end };
}
