import type { FactLists, Table } from "../document-model.ts";
import { ACCENT, INK, LINE, MUTED } from "../palette.ts";
import { CONTENT_WIDTH, PAGE, type Sheet, type Style } from "./sheet.ts";

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
  const { rows, total } = table;
  sheet.room(tableTogether(sheet, table));
  const grid = gridOf(sheet, table);
  grid.head();
  rows.forEach((row, at) => {
    // The total is never alone on a page.
    if (total && at === rows.length - 1) grid.room([row], [total, TOTAL]);
    grid.row(row);
  });
  if (total) grid.row(total, TOTAL);
  sheet.y += sheet.gap(10);
}

/** Height of a table that is kept on one page, in points: all of a short table, the first rows of a long one. */
export function tableTogether(sheet: Sheet, table: Table): number {
  const { rows, total } = table;
  const grid = gridOf(sheet, table);
  const isShort = rows.length <= SHORT_TABLE;
  const together = grid.heightWithHead(isShort ? rows : rows.slice(0, 3));
  return isShort && total ? together + grid.heightOf(total, TOTAL) : together;
}

function gridOf(sheet: Sheet, { columns }: Table): Grid {
  return new Grid(
    sheet,
    columns.map((column) => ({ ...column, style: BODY })),
    TITLE,
  );
}

/** Draws lists of facts side by side, as a table, on one page if they fit. */
export function drawFacts(sheet: Sheet, facts: FactLists): void {
  if (facts.lists.length === 0) return;
  sheet.room(factsTogether(sheet, facts));
  const grid = factsGrid(sheet, facts);
  grid.head();
  for (const row of factRows(facts)) grid.row(row);
  sheet.y += sheet.gap(10);
}

/** Height of lists of facts, in points. */
export function factsTogether(sheet: Sheet, facts: FactLists): number {
  return factsGrid(sheet, facts).heightWithHead(factRows(facts));
}

function factRows({ lists }: FactLists): Row[] {
  const longest = Math.max(...lists.map(({ facts }) => facts.length));
  return Array.from({ length: longest }, (_, row) =>
    lists.flatMap(({ facts }, at) => [...(at > 0 ? [null] : []), ...(facts[row] ?? [null, null])]),
  );
}

function factsGrid(sheet: Sheet, { lists }: FactLists): Grid {
  const columns = lists.flatMap(({ title }, at): Column[] => [
    ...(at > 0 ? [GAP] : []),
    { title, align: "left", share: 1, style: LABEL },
    { title: "", align: "left", share: lists.length > 1 ? 1.5 : 3, style: BODY },
  ]);
  return new Grid(sheet, columns, LIST_TITLE);
}

/** The texts of a row; null: a cell that is not there, without a line. */
type Row = readonly (string | null)[];

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
  }

  /** Draws the header row. */
  head(): void {
    this.#draw(this.#titleCells(), this.#titleStyles, INK);
  }

  /** Height of a row, in points. */
  heightOf(texts: Row, style?: Style): number {
    return this.#height(this.#cells(texts, this.#styles(style)), BODY);
  }

  heightWithHead(rows: readonly Row[]): number {
    const head = this.#height(this.#titleCells(), this.#titleStyle);
    return rows.reduce((sum, row) => sum + this.heightOf(row), head);
  }

  /** Starts a new page, with the header row, when these rows do not fit on this one. */
  room(...rows: readonly (readonly [texts: Row, style?: Style])[]): void {
    const height = rows.reduce((sum, [texts, style]) => sum + this.heightOf(texts, style), 0);
    if (!this.#sheet.fits(height) && height < LONGEST_ROW && this.#sheet.y > PAGE.margin + 60) this.#turn();
  }

  /** @param style instead of the columns' own */
  row(texts: Row, style?: Style): void {
    const styles = this.#styles(style);
    const sheet = this.#sheet;
    let cells = this.#cells(texts, styles);
    const height = this.#height(cells, BODY);
    const isForOnePage = height < LONGEST_ROW || sheet.left < 60;
    if (!sheet.fits(height) && isForOnePage && sheet.y > PAGE.margin + 60) this.#turn();
    // Higher than a page: draws what fits and continues on the next page.
    while (!sheet.fits(this.#height(cells, BODY))) {
      const fitting = Math.max(1, Math.floor((sheet.left - 2 * sheet.gap(PAD_Y)) / sheet.leading(BODY)));
      this.#draw(
        cells.map((lines) => lines?.slice(0, fitting) ?? null),
        styles,
        LINE,
      );
      cells = cells.map((lines) => lines?.slice(fitting) ?? null);
      this.#turn();
    }
    this.#draw(cells, styles, LINE);
  }

  #turn(): void {
    this.#sheet.turn();
    this.head();
  }

  get #titleStyles(): Style[] {
    return this.#columns.map(() => this.#titleStyle);
  }

  #titleCells(): Cells {
    return this.#cells(
      this.#columns.map(({ title }) => title),
      this.#titleStyles,
    );
  }

  #styles(style: Style | undefined): Style[] {
    return this.#columns.map((column) => style ?? column.style);
  }

  #cells(texts: Row, styles: readonly Style[]): Cells {
    return texts.map((text, at) =>
      text === null ? null : this.#sheet.lines(text, this.#widths[at]! - 2 * PAD_X, styles[at]!),
    );
  }

  #height(cells: Cells, style: Style): number {
    const sheet = this.#sheet;
    const most = Math.max(1, ...cells.map((lines) => lines?.length ?? 0));
    return most * sheet.leading(style) + 2 * sheet.gap(PAD_Y);
  }

  #draw(cells: Cells, styles: readonly Style[], line: string): void {
    const sheet = this.#sheet;
    const bottom = sheet.y + this.#height(cells, styles[0]!);
    let x: number = PAGE.margin;
    cells.forEach((lines, at) => {
      const [column, width] = [this.#columns[at]!, this.#widths[at]!];
      sheet.put(
        lines ?? [],
        { x: x + PAD_X, y: sheet.y + sheet.gap(PAD_Y), width: width - 2 * PAD_X, align: column.align },
        styles[at]!,
      );
      if (column !== GAP && lines) sheet.rule(x, bottom, width, line);
      x += width;
    });
    sheet.y = bottom;
  }
}

/** The lines of each cell of a row. */
type Cells = readonly (readonly string[] | null)[];
