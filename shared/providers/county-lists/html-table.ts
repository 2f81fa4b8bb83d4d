import type { CheerioAPI } from "cheerio";
import type { SourceOf } from "./source-shape.ts";

type Node = ReturnType<ReturnType<CheerioAPI["root"]>["contents"]>[number];

const TEXT = 3;
/** Elements with an end of line around them. */
const BLOCKS: ReadonlySet<string> = new Set([
  "p",
  "div",
  "li",
  "ul",
  "ol",
  "tr",
  "table",
  "h1",
  "h2",
  "h3",
  "h4",
  "dd",
]);
/** Elements whose text no person sees. */
const UNSEEN: ReadonlySet<string> = new Set(["script", "style", "template", "noscript", "option", "textarea"]);

/** The cells of a page's table as a person sees them. */
export class HtmlTable {
  readonly header: readonly string[];
  /** The cells of each row that has cells and is not hidden. */
  readonly rows: readonly (readonly string[])[];
  readonly hiddenRows: number;
  /** Whether the page ends before the table. */
  readonly isCut: boolean;
  /** Whether the page has no end, after the table. */
  readonly isEndMissing: boolean;

  constructor($: CheerioAPI, source: Pick<SourceOf<"html">, "rows" | "cells" | "header">) {
    const header = $(source.header).toArray().filter(isSeen);
    const rows = $(source.rows).toArray();
    const seen = rows.filter(isSeen);
    this.header = header.map(textOf);
    this.hiddenRows = rows.length - seen.length;
    this.rows = seen
      .map((row) => outermost($(row).find(source.cells).toArray()).filter(isSeen).map(textOf))
      .filter(hasAny);
    const last = rows.at(-1) ?? $(source.header).toArray().at(-1);
    this.isCut = last !== undefined && !isClosed($(last).closest("table").toArray()[0] ?? last);
    const [root] = $("html").toArray();
    this.isEndMissing = root?.sourceCodeLocation?.startTag !== undefined && !isClosed(root);
  }
}

/** Whether the page has the end tag of an element. */
function isClosed(element: Node): boolean {
  const at = element.sourceCodeLocation;
  return at != null && "endTag" in at;
}

/** Without the cells of a table in a cell. */
function outermost(cells: readonly Node[]): Node[] {
  const all = new Set<unknown>(cells);
  const isInner = (cell: Node) => {
    for (let above = cell.parent; above; above = above.parent) if (all.has(above)) return true;
    return false;
  };
  return cells.filter((cell) => !isInner(cell));
}

function hasAny(cells: readonly string[]): boolean {
  return cells.length > 0;
}

/** Whether neither the element nor what contains it is hidden by its attributes. */
function isSeen(element: Node): boolean {
  for (let at: Node | null = element; at; at = at.parent) if (isHidden(at)) return false;
  return true;
}

function isHidden(node: Node): boolean {
  if (!("attribs" in node)) return false;
  return "hidden" in node.attribs || /(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(node.attribs.style ?? "");
}

/** The text with a blank where a line ends, without what is hidden. */
function textOf(element: Node): string {
  let text = "";
  const add = (node: Node) => {
    if (node.nodeType === TEXT && "data" in node) text += node.data;
    if (!("children" in node) || !("name" in node)) return;
    if (UNSEEN.has(node.name) || isHidden(node)) return;
    const isLine = node.name === "br" || BLOCKS.has(node.name);
    if (isLine) text += " ";
    for (const child of node.children) add(child);
    if (isLine) text += " ";
  };
  add(element);
  return text.replace(/\s+/g, " ").trim();
}
