import { buffer } from "node:stream/consumers";
import { type Block, type DocumentModel, paragraphsOf } from "../document-model.ts";
import { ACCENT, LINE, MUTED, SHADE } from "../palette.ts";
import { chartTogether, drawChart, drawFigures } from "./key-figures.ts";
import { CONTENT_WIDTH, leading, PAGE, Sheet, type Style } from "./sheet.ts";
import { drawFacts, drawTable, tableTogether } from "./table.ts";

const TITLE: Style = { size: 21, bold: true };
const SUBTITLE: Style = { size: 10.5, color: MUTED };
const HEADING: Style = { size: 12.5, bold: true, color: ACCENT };
const TEXT: Style = { size: 10 };
const NOTE: Style = { size: 8.5, color: MUTED };
const FOOT: Style = { size: 8, color: MUTED };

/**
 * A document as PDF, with embedded fonts and page numbers. The same model gives the same bytes. Characters that the
 * fonts lack (emoji, East Asian scripts) are shown as □; a note at the end counts them.
 */
export async function renderPdf(model: DocumentModel): Promise<Buffer> {
  const sheet = new Sheet(model);
  const { pdf } = sheet;
  const bytes = buffer(pdf);
  pdf.rect(PAGE.margin, PAGE.margin, CONTENT_WIDTH, 3).fill(ACCENT);
  sheet.y += 16;
  sheet.flow(model.title, TITLE);
  sheet.flow(model.subtitle, SUBTITLE);
  sheet.y += 12;
  model.blocks.forEach((block, at) => {
    if (block.kind === "heading") sheet.room(leading(HEADING) + 12 + keptTogether(model.blocks[at + 1]));
    draw(sheet, block);
  });
  if (sheet.missing > 0) note(sheet, missingNote(sheet.missing));
  markPages(sheet, model);
  pdf.end();
  return bytes;
}

function draw(sheet: Sheet, block: Block): void {
  switch (block.kind) {
    case "heading":
      sheet.y += 8;
      sheet.flow(block.text, HEADING);
      sheet.y += 4;
      return;
    case "paragraph":
      for (const text of paragraphsOf(block.text)) {
        if (block.tone === "note") note(sheet, text);
        else {
          sheet.flow(text, TEXT);
          sheet.y += 6;
        }
      }
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

/** Height of a block that stays on the page of its heading, in points. */
function keptTogether(block: Block | undefined): number {
  switch (block?.kind) {
    case "table":
      return tableTogether(block);
    case "chart":
      return chartTogether(block);
    default:
      return 56;
  }
}

function note(sheet: Sheet, text: string): void {
  const lines = sheet.lines(text, CONTENT_WIDTH - 20, NOTE);
  for (let from = 0; from < lines.length;) {
    sheet.room(leading(NOTE) + 16);
    const some = lines.slice(from, from + Math.max(1, Math.floor((sheet.left - 12) / leading(NOTE))));
    const height = some.length * leading(NOTE) + 12;
    sheet.pdf.rect(PAGE.margin, sheet.y, CONTENT_WIDTH, height).fill(SHADE);
    sheet.put(some, { x: PAGE.margin + 10, y: sheet.y + 6, width: CONTENT_WIDTH - 20 }, NOTE);
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
    sheet.rule(PAGE.margin, head + leading(FOOT) + 2, CONTENT_WIDTH, LINE);
  }
}
