import type { Paint, Style } from "./output.ts";

export interface Line {
  readonly text: string;
  readonly style?: Style;
}

/** One line, or several below each other. */
export type Cell = string | Line | readonly Line[];

export interface Column {
  readonly title: string;
  readonly align?: "right";
  /** Shrinks, by wrapping its lines, when the table is wider than the screen. */
  readonly flexible?: true;
}

export interface Row {
  readonly cells: readonly Cell[];
  /** A line below the row, across all columns. */
  readonly note?: Line | undefined;
}

const GAP = "  ";
/** The minimum width of a flexible column: one word in each line would be unreadable. */
const NARROWEST = 10;

/** Draws aligned columns under their titles, in lines of at most `width` characters. */
export function renderTable(columns: readonly Column[], rows: readonly Row[], width: number, paint: Paint): string {
  const heading: Row = { cells: columns.map(({ title }) => ({ text: title, style: "dim" })) };
  const all = [heading, ...rows].map(({ cells, note }) => ({ cells: cells.map(linesOf), note }));
  const widths = fitWidths(
    columns,
    all.map(({ cells }) => cells),
    width,
  );
  return all
    .flatMap(({ cells, note }) => [
      ...rowLines(
        columns,
        cells.map((lines, column) => wrapped(lines, widths[column] ?? 0)),
        widths,
        paint,
      ),
      ...(note
        ? wrapped([note], width - 2).map(({ text, style }) => `  ${painted({ text, ...(style && { style }) }, paint)}`)
        : []),
    ])
    .join("\n");
}

/** Breaks a text at spaces into lines of at most `width` characters; a longer word is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean)) {
    let rest = word;
    if (line && line.length + 1 + rest.length <= width) {
      line += ` ${rest}`;
      continue;
    }
    if (line) lines.push(line);
    for (; rest.length > width; rest = rest.slice(width)) lines.push(rest.slice(0, width));
    line = rest;
  }
  return line || lines.length === 0 ? [...lines, line] : lines;
}

function linesOf(cell: Cell): readonly Line[] {
  if (typeof cell === "string") return [{ text: cell }];
  return isLine(cell) ? [cell] : cell;
}

function isLine(cell: Line | readonly Line[]): cell is Line {
  return "text" in cell;
}

/** Column widths: as wide as the content; excess width is taken from the widest flexible column. */
function fitWidths(
  columns: readonly Column[],
  rows: readonly (readonly (readonly Line[])[])[],
  width: number,
): number[] {
  const widths = columns.map((_, column) =>
    Math.max(...rows.flatMap((cells) => (cells[column] ?? []).map(({ text }) => text.length)), 0),
  );
  const flexible = columns.flatMap(({ flexible }, column) => (flexible ? [column] : []));
  let excess = sum(widths) + GAP.length * (columns.length - 1) - width;
  for (; excess > 0; excess--) {
    const widest = flexible.reduce<number | undefined>(
      (most, column) => (most === undefined || at(widths, column) > at(widths, most) ? column : most),
      undefined,
    );
    if (widest === undefined || at(widths, widest) <= NARROWEST) break;
    widths[widest] = at(widths, widest) - 1;
  }
  // No flexible column can shrink further: every column shrinks, the widest first.
  for (; excess > 0; excess--) {
    const most = Math.max(...widths);
    if (most <= 1) break;
    widths[widths.indexOf(most)] = most - 1;
  }
  return widths;
}

function wrapped(lines: readonly Line[], width: number): Line[] {
  return lines.flatMap(({ text, style }) =>
    wrap(text, Math.max(1, width)).map((part) => ({ text: part, ...(style && { style }) })),
  );
}

function rowLines(
  columns: readonly Column[],
  cells: readonly Line[][],
  widths: readonly number[],
  paint: Paint,
): string[] {
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, index) => {
    const last = cells.findLastIndex((lines) => lines[index]?.text);
    return cells
      .slice(0, last + 1)
      .map((lines, column) => {
        const line = lines[index] ?? { text: "" };
        const padding = " ".repeat(Math.max(0, at(widths, column) - line.text.length));
        if (columns[column]?.align === "right") return padding + painted(line, paint);
        return painted(line, paint) + (column === last ? "" : padding);
      })
      .join(GAP);
  });
}

function painted({ text, style }: Line, paint: Paint): string {
  return style ? paint(style, text) : text;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function at(numbers: readonly number[], index: number): number {
  return numbers[index] ?? 0;
}
