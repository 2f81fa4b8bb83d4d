import { columnIndexes, type ListedRow, listError, type ListReader } from "./county-list.ts";
import type { SourceOf } from "./county-source.ts";
import { type CsvRecord, CsvRecords, QuoteNotClosed, RecordTooLong } from "./csv-records.ts";
import { asUtf8, beginningOf, chained } from "./text-encoding.ts";

/** A longer record is not a row: the file has no line ends, or a quote is not closed. */
const LONGEST_RECORD = 1024 * 1024;
const HEADER_BYTES = 256 * 1024;
const [LF, CR] = [10, 13];
const DELIMITERS = [",", ";", "\t", "|"] as const;

/** Reads a CSV file while it arrives. @param open requests its bytes */
export function csvList(
  list: string,
  source: Pick<SourceOf<"csv">, "encoding" | "delimiter" | "skipLines" | "lastLineEnd">,
  open: (signal: AbortSignal) => Promise<AsyncIterable<Buffer>>,
): ListReader {
  let openEnd: string | null = null;
  return { read, openEnd: () => openEnd };

  async function* read(columns: readonly string[], signal: AbortSignal): AsyncGenerator<Iterable<ListedRow>> {
    const bytes = asUtf8(await open(signal), source.encoding);
    const { beginning, rest } = await beginningOf(bytes, HEADER_BYTES);
    if (beginning.length === 0) throw listError(list, "is empty: expected at least a header", "transient");
    const written = headerLine(beginning, source.skipLines);
    if (written.includes("\0")) throw noText(list, beginning);
    const delimiter = source.delimiter ?? delimiterOf(written);
    const splitter = new CsvRecords({ delimiter, skipLines: source.skipLines, longest: LONGEST_RECORD });
    let header: readonly string[] | undefined;
    let places: number[] = [];
    const rowsOf = function* (records: Iterable<CsvRecord>): Generator<ListedRow> {
      try {
        for (const { cells, line } of records) {
          if (header) yield rowOf(cells, line, places, header.length, delimiter);
          else places = columnIndexes(list, columns, (header = cells));
        }
      } catch (error) {
        throw asTrouble(list, splitter.line + 1, error);
      }
    };
    let lastByte: number | undefined;
    for await (const chunk of chained(beginning, rest)) {
      lastByte = chunk.at(-1) ?? lastByte;
      yield rowsOf(splitter.read(chunk));
    }
    yield rowsOf(splitter.end());
    if (!header) throw listError(list, "has no header");
    if (source.lastLineEnd && lastByte !== LF && lastByte !== CR)
      openEnd = `its last line, ${splitter.line}, has no line end: the file may be cut off (source.lastLineEnd: false if it never has one)`;
  }
}

function rowOf(
  record: readonly string[],
  line: number,
  places: readonly number[],
  width: number,
  delimiter: string,
): ListedRow {
  const fault = faultOf(record, width, delimiter);
  return {
    line,
    values: fault === undefined ? places.map((place) => record[place]!) : [],
    ...(fault !== undefined && { fault }),
    raw: () => record.map(quoted).join(","),
  };
}

/** Why a record is not one row; undefined when it is. */
function faultOf(record: readonly string[], width: number, delimiter: string): string | undefined {
  if (isWithoutExtraCells(record, width)) {
    const holdsRows = record.some(
      (cell) => /[\r\n]/.test(cell) && cell.split(delimiter).length > Math.max(width, 3) - 1,
    );
    return holdsRows ? "row: a quoted cell holds what looks like further rows: a quote may not be closed" : undefined;
  }
  return `row: expected ${width} cells as the header has, got ${record.length}`;
}

/** Cells after the header's, all empty, come from delimiters at the end of a line. */
function isWithoutExtraCells(record: readonly string[], width: number): boolean {
  return record.length === width || (record.length > width && record.slice(width).every((cell) => cell.trim() === ""));
}

/** A cell in CSV notation. */
function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function headerLine(beginning: Buffer, skipLines: number): string {
  return beginning.toString("utf8").split(/\r\n|\n|\r/, skipLines + 1)[skipLines] ?? "";
}

/** The most frequent delimiter outside of quotes; a comma when there is none. */
function delimiterOf(header: string): string {
  const bare = header.replace(/"[^"]*"/g, "");
  const count = (delimiter: string) => bare.split(delimiter).length;
  return DELIMITERS.toSorted((a, b) => count(b) - count(a))[0]!;
}

function noText(list: string, beginning: Buffer) {
  const isZip = beginning.toString("latin1", 0, 2) === "PK";
  const guess = isZip
    ? "a spreadsheet or a ZIP archive; save it as CSV"
    : "text of two bytes a letter; set source.encoding";
  return listError(list, `is no CSV but perhaps ${guess}: its header has NUL bytes`);
}

function asTrouble(list: string, line: number, error: unknown): unknown {
  if (error instanceof RecordTooLong) {
    return listError(
      list,
      `has a record of more than ${LONGEST_RECORD} bytes near line ${line}: expected one line a lien; a quote may not be closed, or the file may have no line ends`,
    );
  }
  if (error instanceof QuoteNotClosed) {
    const what = `ends within a quoted cell near line ${line}: the file is cut off, or a quote is not closed`;
    return listError(list, what, "transient");
  }
  return error;
}
