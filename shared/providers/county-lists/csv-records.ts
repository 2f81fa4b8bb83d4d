import { type CsvError, Parser } from "csv-parse";

export interface CsvRecord {
  readonly cells: readonly string[];
  /** The line in which it ends, from 1. */
  readonly line: number;
}

/** A record exceeds the maximum length. */
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

/** Bytes that csv-parse gets at once: all records of such a piece are in memory. */
const PIECE_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Splits the UTF-8 of a CSV file (RFC 4180) into records while it arrives, in pieces of any size. Lines end with LF,
 * CRLF or, when the first one does, CR; empty lines are skipped. As in spreadsheets, a quote in the middle of a cell is
 * text. Memory holds the records of one piece and the incomplete record, up to `longest` bytes.
 */
export class CsvRecords {
  readonly #form: Form;
  /** The bytes that came before the line ends and the end of the skipped lines were known. */
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

  /** The line in which the last record ended. */
  get line(): number {
    return this.#line;
  }

  /** @returns the records that the next piece completes; read them before the next call. @throws RecordTooLong */
  *read(piece: Buffer): Generator<CsvRecord> {
    const text = this.#parser ? piece : this.#begin(piece);
    for (let at = 0; at < text.length; at += PIECE_BYTES) {
      const part = text.subarray(at, at + PIECE_BYTES);
      this.#bytesFed += part.length;
      this.#parser!.write(part);
      yield* this.#takeWhole();
      // Empty lines are no part of a record.
      const pending = this.#bytesFed - this.#bytesWhole;
      if (pending <= part.length && areLineEnds(part.subarray(part.length - pending)))
        this.#bytesWhole = this.#bytesFed;
      // The parser's own limit counts only the content of cells, so it does not stop a record of delimiters.
      if (this.#bytesFed - this.#bytesWhole > this.#form.longest) throw new RecordTooLong();
    }
  }

  /** @returns the last record, if it had no line end. @throws QuoteNotClosed */
  *end(): Generator<CsvRecord> {
    // Adds the line end that the last line may lack; otherwise this is an empty line.
    yield* this.read(Buffer.from(this.#lineEnd));
    this.#parser?.end();
    yield* this.#takeWhole();
  }

  /** @returns the text after the skipped lines, empty until their end is known */
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
   * A stream that is used as a function: after `write` or `end`, `on_record` got every completed record and `errored`
   * has the error. As a stream it emits one event per record; thousands of them reached V8's old space, and memory
   * grew.
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

function areLineEnds(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 10 || byte === 13);
}

/** Undefined while it is unknown: a CR at the end may be half of a CRLF. */
function firstLineEnd(text: Buffer): LineEnd | undefined {
  const [cr, lf] = [text.indexOf("\r"), text.indexOf("\n")];
  if (lf !== -1 && (cr === -1 || lf <= cr + 1)) return "\n";
  return cr === -1 || cr === text.length - 1 ? undefined : "\r";
}

/** The text after `count` lines; undefined while one of them is incomplete. */
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
