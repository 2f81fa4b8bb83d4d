import { wordKey } from "#rules/tax-liens/list-words.ts";
import { type ExactJson, isJsonObject, parseExactJson } from "../exact-json.ts";
import type { Outbound } from "../outbound.ts";
import { shown } from "./column-places.ts";
import { type ListColumn, type ListedRow, listError, type ListReader, rowFault } from "./county-list.ts";
import { essentialColumns } from "./field-texts.ts";
import { textFile } from "./file-kind.ts";
import { JsonRecords, namesOf } from "./json-records.ts";
import type { SourceOf } from "./source-shape.ts";
import { wholeText } from "./text-encoding.ts";

/** A page is parsed as a whole, which takes about ten times as much memory. */
const LARGEST_PAGE = 16 * 1024 * 1024;

/** Reads a list of JSON records: in one response, or in pages as Socrata serves them. */
export function jsonList(list: string, source: SourceOf<"json">, client: Outbound): ListReader {
  let absent: readonly ListColumn[] = [];
  let unread: readonly string[] = [];
  // Pages are read up to an empty one; a response without pages is complete when it parses.
  return { read, openEnd: () => null, warnings: () => absent.map(absence), unread: () => unread };

  async function* read(columns: readonly ListColumn[], signal: AbortSignal): AsyncGenerator<readonly ListedRow[]> {
    const reader = new JsonRecords(list, columns);
    const seen = new Set<string>();
    for (let offset = 0; ;) {
      const where = pageUrl(source, offset);
      const response = await client.get(where, { accept: "application/json", maxBytes: LARGEST_PAGE, signal });
      const body = textFile(list, response.body, LARGEST_PAGE);
      const records = recordsIn(await wholeText(body, source.encoding), offset);
      // A short page is not the last one: servers cap pages below what is asked for.
      if (records.length === 0) return;
      const rows = records.map((record, index) => reader.rowOf(record, offset + index + 1));
      absent = columns.filter((column) => !reader.has(column));
      unread = reader.unread;
      if (offset === 0) refuseUnknown(absent, records, response.headers["x-soda2-fields"]);
      yield rows;
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

  /**
   * Servers omit null values: a column that no record has may be null throughout. It is unknown when Socrata's header
   * lacks it, and no list is read without the columns that identify a lien and its amount.
   */
  function refuseUnknown(names: readonly ListColumn[], records: readonly ExactJson[], fields: unknown): void {
    const known = typeof fields === "string" ? fieldsIn(fields) : null;
    const unknown = known
      ? names.filter((name) => !known.has(wordKey(nameOf(name).split(".")[0]!)))
      : names.filter((name) => essentialColumns(source).includes(name));
    if (unknown.length === 0) return;
    throw listError(
      list,
      `has no column ${shown(unknown.map(nameOf))}; expected what source.fields names, got ${namesOf(records)}`,
    );
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
    if (isJsonObject(answer) && isJsonObject(answer.error)) {
      const message = typeof answer.error.message === "string" ? answer.error.message : JSON.stringify(answer.error);
      throw listError(list, `answered with an error: ${message.slice(0, 200)}`, "transient");
    }
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

/** The names in Socrata's header; null when it is not readable. */
function fieldsIn(header: string): ReadonlySet<string> | null {
  try {
    const names: unknown = JSON.parse(header);
    return Array.isArray(names) ? new Set(names.map((name) => wordKey(String(name)))) : null;
  } catch {
    return null;
  }
}

function nameOf(column: ListColumn): string {
  return typeof column === "object" ? column.column : String(column);
}

function absence(column: ListColumn) {
  return rowFault("absent-column", `no record has ${JSON.stringify(column)}: read as empty`);
}
