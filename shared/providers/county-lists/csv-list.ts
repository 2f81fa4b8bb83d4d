import { areOnlyPositions, columnPlaces, unreadColumns } from "./column-places.ts";
import { type ListColumn, type ListedRow, listError, type ListReader } from "./county-list.ts";
import { type CsvRecord, CsvRecords, QuoteNotClosed, RecordTooLong } from "./csv-records.ts";
import { CsvRows } from "./csv-rows.ts";
import { textFile } from "./file-kind.ts";
import type { SourceOf } from "./source-shape.ts";
import { asUtf8, beginningOf, chained } from "./text-encoding.ts";

/** A longer record is not a row: the file has no line ends, or a quote is not closed. */
const LONGEST_RECORD = 1024 * 1024;
const HEADER_BYTES = 256 * 1024;
/** Bytes of a file, as it arrives and unpacked. */
export const LARGEST_FILE = 16 * 1024 ** 3;
const [LF, CR, QUOTE] = [10, 13, 34];
const DELIMITERS = [",", ";", "\t", "|"] as const;

type CsvForm = Pick<SourceOf<"csv">, "encoding" | "delimiter" | "skipLines" | "lastLineEnd" | "header">;

/** Reads a CSV file, or one that gzip packed, while it arrives. @param open requests its bytes */
export function csvList(
  list: string,
  source: CsvForm,
  open: (signal: AbortSignal) => Promise<AsyncIterable<Buffer>>,
): ListReader {
  let openEnd: string | null = null;
  let unread: readonly string[] = [];
  return { read, openEnd: () => openEnd, warnings: () => [], unread: () => unread };

  async function* read(columns: readonly ListColumn[], signal: AbortSignal): AsyncGenerator<Iterable<ListedRow>> {
    const bytes = asUtf8(textFile(list, await open(signal), LARGEST_FILE), source.encoding);
    const { beginning, rest } = await beginningOf(bytes, HEADER_BYTES);
    if (beginning.length === 0) throw listError(list, "is empty: expected at least a header", "transient");
    const written = headerLine(beginning, source.skipLines);
    if (written.includes("\0")) throw noText(list);
    const delimiter = source.delimiter ?? delimiterOf(written);
    const splitter = new CsvRecords({ delimiter, skipLines: source.skipLines, longest: LONGEST_RECORD });
    let rows: CsvRows | undefined;
    const rowsOf = function* (records: Iterable<CsvRecord>, isEndOpen = false): Generator<ListedRow> {
      try {
        for (const record of records) {
          const isHeader = rows === undefined && source.header;
          rows ??= new CsvRows({ ...layoutOf(record.cells, columns), delimiter });
          if (!isHeader && !isBlank(record.cells)) yield rows.rowOf(record, isEndOpen);
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
    const isEndOpen = source.lastLineEnd && lastByte !== LF && lastByte !== CR;
    yield rowsOf(splitter.end(), isEndOpen && lastByte !== QUOTE);
    if (!rows) throw listError(list, source.header ? "has no header" : "has no rows", "transient");
    if (isEndOpen) {
      openEnd = `its last line, ${splitter.line}, has no line end: the file may be cut off (source.lastLineEnd: false if it never has one)`;
    }
  }

  function layoutOf(first: readonly string[], columns: readonly ListColumn[]) {
    // Delimiters at the end of the header name no columns.
    const width = first.findLastIndex((cell) => !source.header || cell.trim() !== "") + 1;
    const header = first.slice(0, width);
    const isByPosition = !source.header && areOnlyPositions(columns);
    const names = isByPosition ? header.map(() => "") : header;
    const places = columnPlaces(list, columns, names);
    unread = unreadColumns(names, places);
    return { width, places };
  }
}

function isBlank(cells: readonly string[]): boolean {
  return cells.every((cell) => cell.trim() === "");
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

function noText(list: string) {
  const guess = "text of two bytes a letter; set source.encoding";
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
