import { Readable } from "node:stream";
import { parse, CsvError, type Info } from "csv-parse";
import { listTrouble, placesOf, type ListedRow, type ListReader } from "./county-list.ts";
import { asUtf8, beginningOf, chained } from "./encoding.ts";
import type { SourceOf } from "./source.ts";

/** A longer record is no row of a list but a file without line ends, or a quote that is never closed. */
const LONGEST_RECORD = 1024 * 1024;
const HEADER_BYTES = 256 * 1024;
const ROWS_AT_ONCE = 250;
const DELIMITERS = [",", ";", "\t", "|"] as const;

/** Reads a CSV file as it comes. @param open asks for its bytes */
export function csvList(
  list: string,
  source: Pick<SourceOf<"csv">, "encoding" | "delimiter" | "skipLines">,
  open: (signal: AbortSignal) => Promise<AsyncIterable<Buffer>>,
): ListReader {
  return { read };

  async function* read(columns: readonly string[], signal: AbortSignal): AsyncGenerator<readonly ListedRow[]> {
    const bytes = asUtf8(await open(signal), source.encoding);
    const { beginning, rest } = await beginningOf(bytes, HEADER_BYTES);
    if (beginning.length === 0) throw listTrouble(list, "is empty: expected at least a header", "transient");
    const header = headerLine(beginning, source.skipLines);
    if (header.includes("\0")) throw noText(list, beginning);
    const delimiter = source.delimiter ?? delimiterOf(header);
    const input = Readable.from(withLineEnds(list, chained(beginning, rest)), { objectMode: false });
    const parser = input.pipe(
      parse({
        ...{ delimiter, from_line: source.skipLines + 1, info: true, max_record_size: LONGEST_RECORD },
        // A quote within a cell is text, and how many cells a row has is looked at here, with a reason for that row alone.
        ...{ relax_quotes: true, relax_column_count: true, skip_empty_lines: true },
      }),
    );
    input.on("error", (error) => parser.destroy(error));
    let portion: ListedRow[] = [];
    let places: number[] | undefined;
    let width = 0;
    try {
      for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
        if (!places) {
          places = placesOf(list, columns, record);
          width = record.length;
          continue;
        }
        portion.push(rowOf(record, info.lines, places, width));
        if (portion.length < ROWS_AT_ONCE) continue;
        yield portion;
        portion = [];
      }
    } catch (error) {
      throw error instanceof CsvError ? asTrouble(list, error) : error;
    } finally {
      input.destroy();
    }
    if (!places) throw listTrouble(list, "has no header");
    if (portion.length) yield portion;
  }
}

/** The parser counts what is in the cells alone: of a line of nothing but delimiters it would keep each cell. */
async function* withLineEnds(list: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const chunk of bytes) {
    const last = Math.max(chunk.lastIndexOf("\n"), chunk.lastIndexOf("\r"));
    length = last === -1 ? length + chunk.length : chunk.length - 1 - last;
    if (length > LONGEST_RECORD) throw tooLong(list);
    yield chunk;
  }
}

function rowOf(record: readonly string[], line: number, places: readonly number[], width: number): ListedRow {
  const isWhole = record.length === width;
  return {
    line,
    values: isWhole ? places.map((place) => record[place]!) : [],
    ...(!isWhole && { fault: `row: expected ${width} cells as the header has, got ${record.length}` }),
    raw: () => record.map(quoted).join(","),
  };
}

/** A cell as a CSV file writes it. */
function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function headerLine(beginning: Buffer, skipLines: number): string {
  return beginning.toString("utf8").split(/\r\n|\n|\r/, skipLines + 1)[skipLines] ?? "";
}

/** The one that is there most often outside of quotes; a comma where none is. */
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
  return listTrouble(list, `is no CSV but perhaps ${guess}: its header has NUL bytes`);
}

function asTrouble(list: string, error: CsvError) {
  const line = typeof error.lines === "number" ? ` near line ${error.lines + 1}` : "";
  if (error.code === "CSV_MAX_RECORD_SIZE") return tooLong(list, line);
  if (error.code === "CSV_QUOTE_NOT_CLOSED") {
    return listTrouble(
      list,
      `ends within a quoted cell${line}: the file is cut off, or a quote is not closed`,
      "transient",
    );
  }
  return listTrouble(list, `is no CSV that can be read${line}: ${error.message}`);
}

function tooLong(list: string, line = "") {
  return listTrouble(
    list,
    `has a record of more than ${LONGEST_RECORD} bytes${line}: expected one line a lien; a quote may not be closed, or the file may have no line ends`,
  );
}
