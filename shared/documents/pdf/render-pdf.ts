import { buffer } from "node:stream/consumers";
import { type Block, type DocumentModel, type Paragraph, paragraphsOf } from "../document-model.ts";
import { ACCENT, LINE, MUTED, SHADE, WARNING } from "../palette.ts";
import { chartTogether, drawChart, drawFigures } from "./key-figures.ts";
import { CONTENT_WIDTH, PAGE, Sheet, type Style } from "./sheet.ts";
import { drawFacts, drawTable, factsTogether, tableTogether } from "./table.ts";

const TITLE: Style = { size: 21, bold: true };
const SUBTITLE: Style = { size: 10.5, color: MUTED };
const HEADING: Style = { size: 12.5, bold: true, color: ACCENT };
const TEXT: Style = { size: 10 };
const FOOT: Style = { size: 8, color: MUTED };

/** A paragraph in a box. */
interface Box {
  readonly style: Style;
  readonly shade: string;
  /** The colour of a bar on its left. */
  readonly bar?: string;
}
const BOXES: Readonly<Record<"note" | "warning", Box>> = {
  note: { style: { size: 8.5, color: MUTED }, shade: SHADE },
  warning: { style: { size: 10, bold: true, color: WARNING.ink }, shade: WARNING.shade, bar: WARNING.ink },
};

/** A last page that is filled by less than this share looks empty. */
const LEAST_FILLED = 0.2;

/** How the blocks are set on pages. */
interface Layout {
  readonly isTight?: boolean;
  /** The index of a heading that starts a page. */
  readonly turnBefore?: number;
}

/**
 * A document as PDF, with embedded fonts and page numbers. The same model gives the same bytes. Characters that the
 * fonts lack (emoji, East Asian scripts) are shown as □; a note at the end counts them.
 *
 * A heading stays with the table or chart below it. A last page that would be nearly empty is avoided by a tighter
 * layout, else it begins with an earlier heading.
 */
export async function renderPdf(model: DocumentModel): Promise<Buffer> {
  const sheet = bestLayout(model);
  const bytes = buffer(sheet.pdf);
  sheet.pdf.end();
  return bytes;
}

function bestLayout(model: DocumentModel): Sheet {
  const usual = layOut(model, {});
  if (!isNearlyEmpty(usual)) return usual;
  const headings = model.blocks.flatMap(({ kind }, at) => (kind === "heading" ? [at] : []));
  const others: Layout[] = [
    { isTight: true },
    ...headings
      .slice(-4)
      .reverse()
      .map((turnBefore) => ({ turnBefore })),
  ];
  for (const layout of others) {
    const sheet = layOut(model, layout);
    if (!isNearlyEmpty(sheet) && pagesOf(sheet) <= pagesOf(usual)) return sheet;
  }
  return usual;
}

function isNearlyEmpty(sheet: Sheet): boolean {
  return pagesOf(sheet) > 1 && sheet.filled < LEAST_FILLED;
}

function pagesOf({ pdf }: Sheet): number {
  return pdf.bufferedPageRange().count;
}

function layOut(model: DocumentModel, { isTight = false, turnBefore }: Layout): Sheet {
  const sheet = new Sheet(model, { isTight });
  sheet.pdf.rect(PAGE.margin, PAGE.margin, CONTENT_WIDTH, 3).fill(ACCENT);
  sheet.y += 16;
  sheet.flow(model.title, TITLE);
  sheet.flow(model.subtitle, SUBTITLE);
  if (model.recipient !== null) sheet.flow(`Prepared for ${model.recipient}`, SUBTITLE);
  sheet.y += sheet.gap(12);
  model.blocks.forEach((block, at) => {
    if (at === turnBefore) sheet.turn();
    else if (block.kind === "heading") sheet.room(headingTogether(sheet, model.blocks, at));
    draw(sheet, block);
  });
  if (sheet.missing > 0) box(sheet, missingNote(sheet.missing), BOXES.note);
  markPages(sheet, model);
  return sheet;
}

function draw(sheet: Sheet, block: Block): void {
  switch (block.kind) {
    case "heading":
      sheet.y += sheet.gap(8);
      sheet.flow(block.text, HEADING);
      sheet.y += sheet.gap(4);
      return;
    case "paragraph":
      drawParagraph(sheet, block);
      return;
    case "figures":
      drawFigures(sheet, block);
      return;
    case "facts":
      drawFacts(sheet, block);
      return;
    case "table":
      drawTable(sheet, block);
      return;
    case "chart":
      drawChart(sheet, block);
  }
}

function drawParagraph(sheet: Sheet, { text, tone = "plain" }: Paragraph): void {
  for (const paragraph of paragraphsOf(text)) {
    if (tone !== "plain") {
      box(sheet, paragraph, BOXES[tone]);
      continue;
    }
    sheet.flow(paragraph, TEXT);
    sheet.y += sheet.gap(6);
  }
}

/** Height of a heading with all that stays on its page: short paragraphs, then a table, a chart or lists of facts. */
function headingTogether(sheet: Sheet, blocks: readonly Block[], at: number): number {
  let height = sheet.heightOf((blocks[at] as { text: string }).text, HEADING) + 12;
  for (const block of blocks.slice(at + 1)) {
    switch (block.kind) {
      case "paragraph":
        height += sheet.heightOf(block.text, TEXT) + 6;
        // A long text may continue on the next page.
        if (height > 90) return Math.min(height, 150);
        continue;
      case "table":
        return height + tableTogether(sheet, block);
      case "chart":
        return height + chartTogether(sheet, block);
      case "facts":
        return height + factsTogether(sheet, block);
      default:
        return height;
    }
  }
  return height;
}

function box(sheet: Sheet, text: string, { style, shade, bar }: Box): void {
  const lines = sheet.lines(text, CONTENT_WIDTH - 20, style);
  for (let from = 0; from < lines.length;) {
    sheet.room(sheet.leading(style) + 16);
    const some = lines.slice(from, from + Math.max(1, Math.floor((sheet.left - 12) / sheet.leading(style))));
    const height = some.length * sheet.leading(style) + 12;
    sheet.pdf.rect(PAGE.margin, sheet.y, CONTENT_WIDTH, height).fill(shade);
    if (bar !== undefined) sheet.pdf.rect(PAGE.margin, sheet.y, 3, height).fill(bar);
    sheet.put(some, { x: PAGE.margin + 10, y: sheet.y + 6, width: CONTENT_WIDTH - 20 }, style);
    sheet.y += height + 6;
    from += some.length;
  }
}

function missingNote(count: number): string {
  const [what, are] = count === 1 ? ["character", "is"] : ["characters", "are"];
  return `${count} ${what} that this file's font does not have ${are} shown as \u25a1; the HTML version has them.`;
}

/** Adds the page numbers, and the title on all pages but the first. */
function markPages(sheet: Sheet, { title, reference }: DocumentModel): void {
  const { start, count } = sheet.pdf.bufferedPageRange();
  const first = (text: string, width: number) => sheet.lines(text, width, FOOT).slice(0, 1);
  for (let page = 0; page < count; page++) {
    sheet.pdf.switchToPage(start + page);
    const foot = PAGE.height - PAGE.margin;
    sheet.rule(PAGE.margin, foot - 6, CONTENT_WIDTH, LINE);
    sheet.put(first(reference, CONTENT_WIDTH - 90), { x: PAGE.margin, y: foot, width: CONTENT_WIDTH - 90 }, FOOT);
    const number = `Page ${page + 1} of ${count}`;
    sheet.put([number], { x: PAGE.width - PAGE.margin - 90, y: foot, width: 90, align: "right" }, FOOT);
    if (page === 0) continue;
    const head = PAGE.margin - 24;
    sheet.put(first(title, CONTENT_WIDTH), { x: PAGE.margin, y: head, width: CONTENT_WIDTH }, FOOT);
    sheet.rule(PAGE.margin, head + sheet.leading(FOOT) + 2, CONTENT_WIDTH, LINE);
  }
}
