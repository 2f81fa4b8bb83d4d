import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";
import { renderPdf } from "#documents/pdf/render-pdf.ts";
import { renderHtml } from "#documents/render-html.ts";
import { sampleDocument } from "../tests/shared/documents/sample-document.ts";
import { sampleMemo } from "../tests/shared/documents/sample-lien.ts";

/**
 * Draws the deal memo of the README: the first pages of its PDF, side by side. `--files <folder>` also writes the PDF
 * and the HTML there.
 *
 *   npx node scripts/document-picture.ts [--out docs/images/deal-memo.png] [--pages 2] [--width 1040]
 *     [--files <folder>]
 */
const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(import.meta.dirname, "../docs/images/deal-memo.png") },
    pages: { type: "string", default: "2" },
    width: { type: "string", default: "1040" },
    files: { type: "string" },
  },
});
const BETWEEN = 12;

const model = sampleDocument("deal_memo", sampleMemo());
const pdf = await renderPdf(model);
const picture = await pictureOf(pdf, { pages: Number(values.pages), width: Number(values.width) });
await mkdir(dirname(resolve(values.out)), { recursive: true });
await writeFile(values.out, picture);
console.log(`${values.out}: ${Math.ceil(picture.length / 1_000)} kB`);
if (values.files !== undefined) {
  await mkdir(values.files, { recursive: true });
  await writeFile(join(values.files, "deal-memo.pdf"), pdf);
  await writeFile(join(values.files, "deal-memo.html"), renderHtml(model));
}

interface Canvas {
  readonly canvas: { toBuffer(type: "image/png"): Buffer };
  readonly context: {
    fillStyle: string;
    fillRect(x: number, y: number, width: number, height: number): void;
    drawImage(image: Canvas["canvas"], x: number, y: number): void;
  };
}

async function pictureOf(pdf: Buffer, { pages, width }: { pages: number; width: number }): Promise<Buffer> {
  // Without a browser: pdfjs draws letters as outlines on its canvas for Node.
  const document = await getDocument({ data: new Uint8Array(pdf), disableFontFace: true, verbosity: 0 }).promise;
  const count = Math.min(pages, document.numPages);
  const pageWidth = Math.floor((width - BETWEEN * (count + 1)) / count);
  const first = (await document.getPage(1)).getViewport({ scale: 1 });
  const scale = pageWidth / first.width;
  const height = Math.ceil(first.height * scale) + 2 * BETWEEN;
  const factory = document.canvasFactory as { create(width: number, height: number): Canvas };
  const { canvas, context } = factory.create(width, height);
  context.fillStyle = "#c9d1d9";
  context.fillRect(0, 0, width, height);
  for (let number = 1; number <= count; number++) {
    const page = await document.getPage(number);
    const viewport = page.getViewport({ scale });
    const sheet = factory.create(Math.ceil(viewport.width), Math.ceil(viewport.height));
    await page.render({ canvas: null, canvasContext: sheet.context, viewport }).promise;
    const x = BETWEEN + (number - 1) * (pageWidth + BETWEEN);
    context.drawImage(sheet.canvas, x, BETWEEN);
  }
  const picture = canvas.toBuffer("image/png");
  await document.destroy();
  return picture;
}
