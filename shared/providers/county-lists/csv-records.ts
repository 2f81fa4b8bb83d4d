import { type CsvError, Parser } from "csv-parse";

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

interface Form {
  readonly delimiter: string;
  readonly skipLines?: number;
  /** In bytes. */
  readonly longest: number;
}

type LineEnd = "\n" | "\r";

/** What csv-parse gets at once: its records are in memory together. */
const PIECE_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Splits the UTF-8 of a CSV file (RFC 4180) into records as it comes, piece by piece, whatever the pieces are. Lines end with LF, CRLF
 * or, where the first one does, CR; empty ones are passed by. A quote within a cell, or one after which a cell goes on, is text, as
 * spreadsheets have it. In memory are the records of a piece and the one that is not whole yet, up to `longest`.
 */
export class CsvRecords {
  readonly #form: Form;
  /** What came before it was known how lines end and where the skipped ones do. */
  #beginning: Buffer = NOTHING;
  #lineEnd: LineEnd = "\n";
  #parser: Parser | undefined;
  #whole: CsvRecord[] = [];
  #line = 0;
  /** csv-parse counts each CR and each LF in a cell as a line. */
  #miscounted = 0;
  #bytesFed = 0;
  #bytesWhole = 0;

  constructor(form: Form) {
    this.#form = form;
  }

  /** The one that the last record ended in. */
  get line(): number {
    return this.#line;
  }

  /** @returns what is whole with the next piece, to be read to its end before there is another. @throws RecordTooLong */
  *read(piece: Buffer): Generator<CsvRecord> {
    const text = this.#parser ? piece : this.#begin(piece);
    for (let at = 0; at < text.length; at += PIECE_BYTES) {
      const part = text.subarray(at, at + PIECE_BYTES);
      this.#bytesFed += part.length;
      this.#parser!.write(part);
      yield* this.#takeWhole();
      // The parser's own limit counts what is in the cells, and of nothing but delimiters there is nothing.
      if (this.#bytesFed - this.#bytesWhole > this.#form.longest) throw new RecordTooLong();
    }
  }

  /** @returns what the text ended with. @throws QuoteNotClosed */
  *end(): Generator<CsvRecord> {
    // The last line may lack its end, or half of it; were it there already, this is an empty line.
    yield* this.read(Buffer.from(this.#lineEnd));
    this.#parser?.end();
    yield* this.#takeWhole();
  }

  /** @returns the text from the first line that counts, once that is known */
  #begin(piece: Buffer): Buffer {
    const { skipLines = 0, longest } = this.#form;
    this.#beginning = Buffer.concat([this.#beginning, piece]);
    const lineEnd = firstLineEnd(this.#beginning);
    const text = lineEnd && afterLines(skipLines, this.#beginning, lineEnd);
    if (!text) {
      if (this.#beginning.length > longest) throw new RecordTooLong();
      return NOTHING;
    }
    this.#lineEnd = lineEnd;
    this.#parser = this.#open();
    this.#beginning = NOTHING;
    return text;
  }

  /**
   * A stream that is used as a function: when `write` or `end` returns, `on_record` had every record that became whole with it, and
   * `errored` what is wrong. Read as a stream it makes an event of each record; V8 took thousands of them for old, and memory grew
   * with the list.
   */
  #open(): Parser {
    const { delimiter, skipLines = 0, longest } = this.#form;
    return new Parser({
      delimiter,
      record_delimiter: this.#lineEnd === "\r" ? "\r" : ["\r\n", "\n"],
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: longest,
      on_record: (cells: string[], { lines, bytes_records: end }) => {
        this.#miscounted += occurrences(this.#lineEnd === "\n" ? "\r" : "\n", cells);
        this.#line = skipLines + lines - this.#miscounted;
        this.#bytesWhole = end;
        this.#whole.push({ cells, line: this.#line });
        return null;
      },
    }).on("error", () => undefined);
  }

  *#takeWhole(): Generator<CsvRecord> {
    const whole = this.#whole;
    this.#whole = [];
    yield* whole;
    const error = this.#parser?.errored as CsvError | null | undefined;
    if (error?.code === "CSV_MAX_RECORD_SIZE") throw new RecordTooLong();
    if (error?.code === "CSV_QUOTE_NOT_CLOSED") throw new QuoteNotClosed();
    if (error) throw error;
  }
}

/** Undefined while it cannot be told: a CR at the end may be half of a CRLF. */
function firstLineEnd(text: Buffer): LineEnd | undefined {
  const [cr, lf] = [text.indexOf("\r"), text.indexOf("\n")];
  if (lf !== -1 && (cr === -1 || lf <= cr + 1)) return "\n";
  return cr === -1 || cr === text.length - 1 ? undefined : "\r";
}

/** What follows so many lines, or undefined while one of them goes on. */
function afterLines(count: number, text: Buffer, lineEnd: LineEnd): Buffer | undefined {
  let start = 0;
  for (let i = 0; i < count; i++) {
    const end = text.indexOf(lineEnd, start);
    if (end === -1) return undefined;
    start = end + 1;
  }
  return text.subarray(start);
}

function occurrences(character: string, cells: readonly string[]): number {
  let count = 0;
  for (const cell of cells) if (cell.includes(character)) count += cell.split(character).length - 1;
  return count;
}
