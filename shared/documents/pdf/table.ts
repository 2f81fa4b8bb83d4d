import type { FactLists, Table } from "../document-model.ts";
import { ACCENT, INK, LINE, MUTED } from "../palette.ts";
import { CONTENT_WIDTH, leading, PAGE, type Sheet, type Style } from "./sheet.ts";

const SIZE = 9;
const BODY: Style = { size: SIZE };
const TOTAL: Style = { size: SIZE, bold: true };
const LABEL: Style = { size: SIZE, color: MUTED };
const TITLE: Style = { size: 8.5, bold: true, color: MUTED };
const LIST_TITLE: Style = { size: 10.5, bold: true, color: ACCENT };
const [PAD_X, PAD_Y] = [6, 4];
/** In points. A higher row is split over pages. */
const LONGEST_ROW = 300;
/** A table with at most this many rows stays on one page if possible. */
const SHORT_TABLE = 12;

interface Column {
  readonly title: string;
  readonly align: "left" | "right";
  readonly share: number;
  readonly style: Style;
}

/** The column between two lists, without a line. */
const GAP: Column = { title: "", align: "left", share: 0.12, style: { size: SIZE } };

/** Draws a table and adds pages as needed; each starts with the header row. Only a very high row is split. */
export function drawTable(sheet: Sheet, table: Table): void {
  const { columns, rows, total } = table;
  sheet.room(tableTogether(table));
  const grid = new Grid(
    sheet,
    columns.map((column) => ({ ...column, style: BODY })),
    TITLE,
  );
  for (const row of rows) grid.row(row);
  if (total) grid.row(total, TOTAL);
  sheet.y += 10;
}

/** Height of a table that is kept on one page, in points: all of a short table, the first rows of a long one. */
export function tableTogether({ rows, total }: Table): number {
  const count = rows.length + (total ? 2 : 1);
  return (count > SHORT_TABLE ? 4 : count) * (leading(BODY) + 2 * PAD_Y);
}

/** Draws lists of facts side by side, as a table. */
export function drawFacts(sheet: Sheet, { lists }: FactLists): void {
  if (lists.length === 0) return;
  const columns = lists.flatMap(({ title }, at): Column[] => [
    ...(at > 0 ? [GAP] : []),
    { title, align: "left", share: 1, style: LABEL },
    { title: "", align: "left", share: lists.length > 1 ? 1.5 : 3, style: BODY },
  ]);
  const grid = new Grid(sheet, columns, LIST_TITLE);
  const longest = Math.max(...lists.map(({ facts }) => facts.length));
  for (let row = 0; row < longest; row++) {
    grid.row(lists.flatMap(({ facts }, at) => [...(at > 0 ? [""] : []), ...(facts[row] ?? ["", ""])]));
  }
  sheet.y += 10;
}

/** Rows of cells under a header that each page repeats. */
class Grid {
  readonly #sheet: Sheet;
  readonly #columns: readonly Column[];
  readonly #widths: readonly number[];
  readonly #titleStyle: Style;

  constructor(sheet: Sheet, columns: readonly Column[], titleStyle: Style) {
    const shares = columns.reduce((sum, { share }) => sum + share, 0);
    this.#sheet = sheet;
    this.#columns = columns;
    this.#widths = columns.map(({ share }) => (CONTENT_WIDTH * share) / shares);
    this.#titleStyle = titleStyle;
    sheet.room(70);
    this.#head();
  }

  /** @param style instead of the columns' own */
  row(texts: readonly string[], style?: Style): void {
    const styles = this.#columns.map((column) => style ?? column.style);
    const sheet = this.#sheet;
    let cells = this.#cells(texts, styles);
    const height = heightOf(cells, BODY);
    const isForOnePage = height < LONGEST_ROW || sheet.left < 60;
    if (!sheet.fits(height) && isForOnePage && sheet.y > PAGE.margin + 60) this.#turn();
    // Higher than a page: draws what fits and continues on the next page.
    while (!sheet.fits(heightOf(cells, BODY))) {
      const fitting = Math.max(1, Math.floor((sheet.left - 2 * PAD_Y) / leading(BODY)));
      this.#draw(
        cells.map((lines) => lines.slice(0, fitting)),
        styles,
        LINE,
      );
      cells = cells.map((lines) => lines.slice(fitting));
      this.#turn();
    }
    this.#draw(cells, styles, LINE);
  }

  #turn(): void {
    this.#sheet.turn();
    this.#head();
  }

  #head(): void {
    const styles = this.#columns.map(() => this.#titleStyle);
    const titles = this.#columns.map(({ title }) => title);
    this.#draw(this.#cells(titles, styles), styles, INK);
  }

  #cells(texts: readonly string[], styles: readonly Style[]): string[][] {
    return texts.map((text, at) => this.#sheet.lines(text, this.#widths[at]! - 2 * PAD_X, styles[at]!));
  }

  #draw(cells: readonly (readonly string[])[], styles: readonly Style[], line: string): void {
    const sheet = this.#sheet;
    const bottom = sheet.y + heightOf(cells, styles[0]!);
    let x: number = PAGE.margin;
    cells.forEach((lines, at) => {
      const [column, width] = [this.#columns[at]!, this.#widths[at]!];
      sheet.put(
        lines,
        { x: x + PAD_X, y: sheet.y + PAD_Y, width: width - 2 * PAD_X, align: column.align },
        styles[at]!,
      );
      if (column !== GAP) sheet.rule(x, bottom, width, line);
      x += width;
    });
    sheet.y = bottom;
  }
}

function heightOf(cells: readonly (readonly string[])[], style: Style): number {
  return Math.max(1, ...cells.map((lines) => lines.length)) * leading(style) + 2 * PAD_Y;
}
