import type { Table } from "../model.ts";
import { INK, LINE, MUTED } from "../palette.ts";
import { CONTENT_WIDTH, leading, PAGE, type Sheet, type Style } from "./sheet.ts";

const [HEAD, BODY, TOTAL]: Style[] = [{ size: 8.5, bold: true, color: MUTED }, { size: 9 }, { size: 9, bold: true }];
const [PAD_X, PAD_Y] = [6, 4];
/** What is higher begins on this page and goes on on the next, in points. */
const LONGEST_ROW = 300;

/** Draws a table over as many pages as it takes; each begins with the header row. A row is parted only when it is very long. */
export function drawTable(sheet: Sheet, { columns, rows, total }: Table): void {
  const shares = columns.reduce((sum, { share }) => sum + share, 0);
  const widths = columns.map(({ share }) => (CONTENT_WIDTH * share) / shares);
  const titles = columns.map(({ title }) => title);
  const cellsOf = (row: readonly string[], style: Style) =>
    row.map((text, at) => sheet.lines(text, widths[at]! - 2 * PAD_X, style));

  const draw = (cells: readonly (readonly string[])[], style: Style, line: string) => {
    const height = heightOf(cells, style);
    let x: number = PAGE.margin;
    cells.forEach((lines, at) => {
      const width = widths[at]! - 2 * PAD_X;
      sheet.put(lines, { x: x + PAD_X, y: sheet.y + PAD_Y, width, align: columns[at]!.align }, style);
      x += widths[at]!;
    });
    sheet.y += height;
    const right = PAGE.margin + CONTENT_WIDTH;
    sheet.pdf.moveTo(PAGE.margin, sheet.y).lineTo(right, sheet.y).lineWidth(0.6).strokeColor(line).stroke();
  };
  const head = () => {
    draw(cellsOf(titles, HEAD!), HEAD!, INK);
  };
  const body = (row: readonly string[], style: Style) => {
    let cells = cellsOf(row, style);
    const height = heightOf(cells, style);
    const isForOnePage = height < LONGEST_ROW || sheet.left < 60;
    if (!sheet.fits(height) && isForOnePage && sheet.y > PAGE.margin + 60) {
      sheet.turn();
      head();
    }
    // Longer than a page: what fits now, and the rest on the next.
    while (!sheet.fits(heightOf(cells, style))) {
      const fitting = Math.max(1, Math.floor((sheet.left - 2 * PAD_Y) / leading(style)));
      draw(
        cells.map((lines) => lines.slice(0, fitting)),
        style,
        LINE,
      );
      cells = cells.map((lines) => lines.slice(fitting));
      sheet.turn();
      head();
    }
    draw(cells, style, LINE);
  };

  sheet.room(70);
  head();
  for (const row of rows) body(row, BODY!);
  if (total) body(total, TOTAL!);
  sheet.y += 10;
}

function heightOf(cells: readonly (readonly string[])[], style: Style): number {
  return Math.max(1, ...cells.map((lines) => lines.length)) * leading(style) + 2 * PAD_Y;
}
