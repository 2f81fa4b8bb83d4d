import { type ExactJson, isJsonObject, parseExactJson } from "../exact-json.ts";
import type { Outbound } from "../outbound.ts";
import { columnIndexes, type ListedRow, listError, type ListReader } from "./county-list.ts";
import type { SourceOf } from "./county-source.ts";

/** A page is parsed as a whole, which takes about ten times as much memory. */
const LARGEST_PAGE = 16 * 1024 * 1024;

/** Reads a list of JSON records: in one response, or in pages as Socrata serves them. */
export function jsonList(list: string, source: SourceOf<"json">, client: Outbound): ListReader {
  // Pages are read up to an empty one; a response without pages is complete when it parses.
  return { read, openEnd: () => null };

  async function* read(columns: readonly string[], signal: AbortSignal): AsyncGenerator<readonly ListedRow[]> {
    const seen = new Set<string>();
    for (let offset = 0; ;) {
      const where = pageUrl(source, offset);
      const response = await client.get(where, { accept: "application/json", maxBytes: LARGEST_PAGE, signal });
      const records = recordsIn(await response.text(), offset);
      // A short page is not the last one: servers cap pages below what is asked for.
      if (records.length === 0) return;
      // Socrata omits null values: a column exists when any record has it.
      if (offset === 0) columnIndexes(list, columns, namesIn(records));
      yield records.map((record, index) => rowOf(record, offset + index + 1, columns));
      if (!source.paging) return;
      const first = JSON.stringify(records[0]);
      if (seen.has(first)) {
        throw listError(
          list,
          `sends the same page again at offset ${offset}: it ignores ${source.paging.offsetParameter}; set source.paging to null when one answer has all records`,
        );
      }
      seen.add(first);
      offset += records.length;
    }
  }

  function recordsIn(text: string, offset: number): readonly ExactJson[] {
    let answer: ExactJson | undefined;
    try {
      answer = parseExactJson(text);
    } catch {
      throw listError(list, `sent JSON that is damaged or cut off, at offset ${offset}`, "transient");
    }
    // ArcGIS: the server has more records than it sends in one answer.
    if (!source.paging && isJsonObject(answer) && answer.exceededTransferLimit === true)
      throw listError(list, "has more records than the server sends in one answer: set source.paging");
    for (const name of source.records?.split(".") ?? []) answer = isJsonObject(answer) ? answer[name] : undefined;
    if (Array.isArray(answer)) return answer as readonly ExactJson[];
    throw listError(list, `has no array of records at ${source.records ?? "its top"}: set source.records`);
  }
}

function pageUrl({ url, paging }: SourceOf<"json">, offset: number): URL {
  const page = new URL(url);
  if (!paging) return page;
  page.searchParams.set(paging.limitParameter, String(paging.size));
  page.searchParams.set(paging.offsetParameter, String(offset));
  page.searchParams.set(paging.orderParameter, paging.order);
  return page;
}

function namesIn(records: readonly ExactJson[]): string[] {
  return [...new Set(records.filter(isJsonObject).flatMap(Object.keys))];
}

function rowOf(record: ExactJson, line: number, columns: readonly string[]): ListedRow {
  const raw = () => JSON.stringify(record);
  if (!isJsonObject(record)) return { line, values: [], fault: "row: expected a JSON object", raw };
  const values = columns.map((column) => textOf(record[column]));
  return { line, values, raw };
}

function textOf(value: ExactJson | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
