import { wordKey } from "#rules/tax-liens/list-words.ts";
import { type ExactJson, isJsonObject } from "../exact-json.ts";
import { shown } from "./column-places.ts";
import { type ListColumn, type ListedRow, listError, rowFault } from "./county-list.ts";

/** Names in names, at most. */
const DEEPEST = 5;
/** Names without a reader that are remembered. */
const MOST_UNREAD = 200;

/**
 * Reads values from JSON records by names as `wordKey` compares them; a name below another is written with a point
 * (`attributes.parcel`). Records that are arrays have positions.
 */
export class JsonRecords {
  readonly #list: string;
  readonly #columns: readonly ListColumn[];
  /** The places of each wanted name in a row. */
  readonly #places = new Map<string, number[]>();
  /** The names below which there are wanted names. */
  readonly #above = new Set<string>();
  readonly #present = new Set<string>();
  readonly #unread = new Set<string>();

  constructor(list: string, columns: readonly ListColumn[]) {
    this.#list = list;
    this.#columns = columns;
    for (const [place, column] of columns.entries()) {
      if (typeof column !== "string") continue;
      const key = wordKey(column);
      this.#places.set(key, [...(this.#places.get(key) ?? []), place]);
      for (let at = key.indexOf("."); at !== -1; at = key.indexOf(".", at + 1)) this.#above.add(key.slice(0, at));
    }
  }

  /** Whether a record had this column, be it without a value. */
  has(column: ListColumn): boolean {
    return typeof column !== "string" || this.#present.has(wordKey(column));
  }

  /** The names, or the positions, of values that no column reads. */
  get unread(): readonly string[] {
    return [...this.#unread];
  }

  /** @throws ProviderError for a column that a record has several times, or by position in a record with names */
  rowOf(record: ExactJson, line: number): ListedRow {
    const raw = () => JSON.stringify(record);
    if (Array.isArray(record)) return { line, values: this.#byPosition(record as readonly ExactJson[]), raw };
    if (!isJsonObject(record)) return { line, values: [], fault: rowFault("no-record", "expected a JSON object"), raw };
    if (this.#columns.some((column) => typeof column !== "string")) {
      throw listError(this.#list, "has records with names: expected the name of a column, not its position");
    }
    const values = this.#columns.map(() => "");
    this.#collect(record, "", values, new Set(), DEEPEST);
    return { line, values, raw };
  }

  #byPosition(record: readonly ExactJson[]): string[] {
    for (const place of record.keys()) if (!this.#columns.includes(place + 1)) this.#addUnread(String(place + 1));
    return this.#columns.map((column) => {
      if (typeof column === "number") return textOf(record[column - 1]);
      throw listError(this.#list, `has arrays as records: expected positions such as 1, not ${JSON.stringify(column)}`);
    });
  }

  #collect(record: Record<string, ExactJson>, above: string, values: string[], seen: Set<string>, depth: number): void {
    for (const name in record) {
      const key = above + keyOf(name);
      const value = record[name]!;
      const places = this.#places.get(key);
      if (places) {
        if (seen.has(key)) throw listError(this.#list, `has two values named ${JSON.stringify(name)} in one record`);
        seen.add(key);
        this.#present.add(key);
        for (const place of places) values[place] = textOf(value);
      }
      if (depth > 1 && this.#above.has(key) && isJsonObject(value)) {
        this.#collect(value, `${key}.`, values, seen, depth - 1);
      } else if (!places) this.#addUnread(above + name);
    }
  }

  #addUnread(name: string): void {
    if (this.#unread.size < MOST_UNREAD) this.#unread.add(name.slice(0, 60));
  }
}

/** The names of records, those below others included, for an error. */
export function namesOf(records: readonly ExactJson[]): string {
  return shown([...new Set(records.slice(0, 100).flatMap((record) => pathsOf(record, "", DEEPEST)))]);
}

function pathsOf(value: ExactJson, above: string, depth: number): string[] {
  if (!isJsonObject(value) || depth === 0) return above === "" ? [] : [above];
  return Object.keys(value).flatMap((name) =>
    pathsOf(value[name]!, above === "" ? name : `${above}.${name}`, depth - 1),
  );
}

/** The keys of names that were seen: names repeat in every record. */
const keys = new Map<string, string>();
const MOST_KEYS = 10_000;

function keyOf(name: string): string {
  const known = keys.get(name);
  if (known !== undefined) return known;
  if (keys.size >= MOST_KEYS) keys.clear();
  const key = wordKey(name);
  keys.set(name, key);
  return key;
}

function textOf(value: ExactJson | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
