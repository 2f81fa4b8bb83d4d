import type { CheerioAPI } from "cheerio";
import type { Finding } from "#rules/tax-liens/row-finding.ts";
import type { Outbound } from "../outbound.ts";
import { areOnlyPositions, columnPlaces, unreadColumns } from "./column-places.ts";
import { type ListColumn, type ListedRow, listError, type ListReader, rowFault } from "./county-list.ts";
import { HtmlTable } from "./html-table.ts";
import type { SourceOf } from "./source-shape.ts";
import { wholeText } from "./text-encoding.ts";

const LARGEST_PAGE = 16 * 1024 * 1024;

/** Reads the tables of web pages and follows their links to the next page. */
export function htmlList(list: string, source: SourceOf<"html">, client: Outbound): ListReader {
  let openEnd: string | null = null;
  let hidden = 0;
  let unread: readonly string[] = [];
  const warnings = () => (hidden > 0 ? [hiddenRows(hidden)] : []);
  return { read, openEnd: () => openEnd, warnings, unread: () => unread };

  async function* read(columns: readonly ListColumn[], signal: AbortSignal): AsyncGenerator<readonly ListedRow[]> {
    // Loaded on first use: most counties have files.
    const { load } = await import("cheerio");
    const visited = new Set<string>();
    let line = 0;
    for (let where: URL | null = new URL(source.url); where;) {
      visited.add(where.href);
      const response = await client.get(where, { accept: "text/html", maxBytes: LARGEST_PAGE, signal });
      const $ = load(await wholeText(response.body, source.encoding), { sourceCodeLocationInfo: true });
      const table = new HtmlTable($, source);
      refuseCut(table, where);
      hidden += table.hiddenRows;
      const rows = table.rows;
      const { places, width } = layoutOf(table.header, rows[0] ?? [], columns);
      yield rows.map((cells) => rowOf(cells, ++line, places, width));
      where = nextOf($, where);
      if (where && visited.has(where.href)) throw listError(list, `links back to a page that was read: ${where.href}`);
    }
  }

  /** A page that ends within its table may end within a value. */
  function refuseCut(table: HtmlTable, where: URL): void {
    if (table.isCut) throw listError(list, `ends within its table: ${where.pathname} is cut off`, "transient");
    if (table.isEndMissing) openEnd = `${where.pathname} ends without </html>: it may be cut off after its table`;
  }

  function layoutOf(header: readonly string[], first: readonly string[], columns: readonly ListColumn[]) {
    const isByPosition = header.length === 0 && areOnlyPositions(columns);
    if (isByPosition && first.length === 0) return { places: [], width: 0 };
    const names = isByPosition ? first.map(() => "") : header;
    const places = columnPlaces(list, columns, names);
    unread = unreadColumns(names, places);
    return { places, width: names.length };
  }

  function nextOf($: CheerioAPI, from: URL): URL | null {
    const link = source.next === undefined ? undefined : $(source.next).first().attr("href");
    if (link === undefined || link.startsWith("#")) return null;
    if (!URL.canParse(link, from.href))
      throw listError(list, `has an invalid URL as link to the next page: ${link.slice(0, 100)}`);
    return new URL(link, from);
  }
}

function rowOf(cells: readonly string[], line: number, places: readonly number[], width: number): ListedRow {
  const isWhole = cells.length === width;
  return {
    line,
    values: isWhole ? places.map((place) => cells[place]!) : [],
    ...(!isWhole && { fault: rowFault("cells", `expected ${width} cells as the header has, got ${cells.length}`) }),
    raw: () => cells.join(" | "),
  };
}

function hiddenRows(count: number): Finding {
  return rowFault("hidden", `${count} rows of the page are hidden and were not read`);
}
