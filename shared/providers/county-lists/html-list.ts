import type { Outbound } from "../outbound.ts";
import { columnIndexes, type ListedRow, listError, type ListReader } from "./county-list.ts";
import type { SourceOf } from "./county-source.ts";
import { asUtf8 } from "./text-encoding.ts";

const LARGEST_PAGE = 16 * 1024 * 1024;

/** Reads the tables of web pages and follows their links to the next page. */
export function htmlList(list: string, source: SourceOf<"html">, client: Outbound): ListReader {
  return { read, openEnd: () => null };

  async function* read(columns: readonly string[], signal: AbortSignal): AsyncGenerator<readonly ListedRow[]> {
    // Loaded on first use: most counties have files.
    const { load } = await import("cheerio");
    const visited = new Set<string>();
    let line = 0;
    for (let where: URL | null = new URL(source.url); where;) {
      visited.add(where.href);
      const response = await client.get(where, { accept: "text/html", maxBytes: LARGEST_PAGE, signal });
      const $ = load(await textOf(response.body));
      const header = $(source.header)
        .toArray()
        .map((cell) => $(cell).text());
      const places = columnIndexes(list, columns, header);
      yield $(source.rows)
        .toArray()
        .map((row) => {
          const cells = $(row)
            .find(source.cells)
            .toArray()
            .map((cell) => $(cell).text().trim());
          return rowOf(cells, ++line, places, header.length);
        });
      where = nextOf(source.next === undefined ? undefined : $(source.next).first().attr("href"), where);
      if (where && visited.has(where.href)) throw listError(list, `links back to a page that was read: ${where.href}`);
    }
  }

  function nextOf(link: string | undefined, from: URL): URL | null {
    if (link === undefined || link.startsWith("#")) return null;
    if (!URL.canParse(link, from.href))
      throw listError(list, `has an invalid URL as link to the next page: ${link.slice(0, 100)}`);
    return new URL(link, from);
  }

  async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
    const parts: Buffer[] = [];
    for await (const part of asUtf8(body, source.encoding)) parts.push(part);
    return Buffer.concat(parts).toString("utf8");
  }
}

function rowOf(cells: readonly string[], line: number, places: readonly number[], width: number): ListedRow {
  const isWhole = cells.length === width;
  return {
    line,
    values: isWhole ? places.map((place) => cells[place]!) : [],
    ...(!isWhole && { fault: `row: expected ${width} cells as the header has, got ${cells.length}` }),
    raw: () => cells.join(" | "),
  };
}
