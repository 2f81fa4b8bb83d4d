import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import PDFDocument from "pdfkit";
import type { Block, DocumentModel } from "#documents/document-model.ts";

const [regular, bold] = ["DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf"].map((file) =>
  readFileSync(join(import.meta.dirname, "../fonts", file)),
) as [Buffer, Buffer];

/** The texts of a document, broken into lines and pages by pdfkit. */
export function bareLines(model: DocumentModel): Promise<Buffer> {
  return written(model, (pdf, rows) => {
    for (const row of rows) pdf.text(row.join("   "));
  });
}

/** The same with pdfkit's own tables. */
export function bareTables(model: DocumentModel): Promise<Buffer> {
  return written(model, (pdf, rows) => {
    if (rows.length) pdf.table({ data: rows.map((row) => [...row]) });
  });
}

type Rows = readonly (readonly string[])[];

function written(
  { title, subtitle, blocks }: DocumentModel,
  tabular: (pdf: PDFKit.PDFDocument, rows: Rows) => void,
): Promise<Buffer> {
  const pdf = new PDFDocument({ size: "A4", margin: 54, font: null as unknown as string });
  const bytes = buffer(pdf);
  pdf.registerFont("regular", regular).registerFont("bold", bold);
  pdf.font("bold").fontSize(20).text(title);
  pdf.font("regular").fontSize(10).text(subtitle);
  for (const block of blocks) {
    const { head, text, rows } = contentOf(block);
    if (head) pdf.font("bold").text(head);
    pdf.font("regular");
    if (text) pdf.text(text);
    tabular(pdf, rows);
  }
  pdf.end();
  return bytes;
}

function contentOf(block: Block): { head?: string; text?: string; rows: Rows } {
  switch (block.kind) {
    case "heading":
      return { head: block.text, rows: [] };
    case "paragraph":
      return { text: block.text, rows: [] };
    case "figures":
      return { rows: block.figures.map(({ label, value, note = "" }) => [label, value, note]) };
    case "facts":
      return { rows: block.lists.flatMap(({ facts }) => facts) };
    case "table":
      return { rows: [block.columns.map(({ title }) => title), ...block.rows, ...(block.total ? [block.total] : [])] };
    case "chart":
      return { head: block.title, rows: block.bars.map(({ label, shown }) => [label, shown]) };
  }
}
