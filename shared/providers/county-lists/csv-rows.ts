import type { Finding } from "#rules/tax-liens/row-finding.ts";
import { CellEndings } from "./cell-endings.ts";
import { type ListedRow, rowFault } from "./county-list.ts";
import type { CsvRecord } from "./csv-records.ts";

interface Layout {
  /** Cells of a row. */
  readonly width: number;
  /** The indexes of the requested columns. */
  readonly places: readonly number[];
  readonly delimiter: string;
}

/** Makes rows of a CSV file's records, and finds those that are not one row. */
export class CsvRows {
  readonly #layout: Layout;
  readonly #readsLastCell: boolean;
  readonly #endings = new CellEndings();

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#readsLastCell = layout.places.includes(layout.width - 1);
  }

  /** @param isEndOpen whether the file ends in this record, without a line end */
  rowOf(record: CsvRecord, isEndOpen: boolean): ListedRow {
    const { cells, line } = record;
    const fault = this.#faultOf(cells) ?? (isEndOpen ? this.#cutOff(cells) : undefined);
    if (this.#readsLastCell && fault === undefined) this.#endings.add(cells[this.#layout.width - 1]!);
    return {
      line,
      values: fault === undefined ? this.#layout.places.map((place) => cells[place]!) : [],
      ...(fault !== undefined && { fault }),
      raw: () => cells.map(quoted).join(","),
    };
  }

  #faultOf(cells: readonly string[]): Finding | undefined {
    const { width, delimiter } = this.#layout;
    if (!hasWidth(cells, width)) {
      return rowFault("cells", `expected ${width} cells as the header has, got ${cells.length}`);
    }
    const holdsRows = cells.some(
      (cell) => /[\r\n]/.test(cell) && cell.split(delimiter).length > Math.max(width, 3) - 1,
    );
    if (!holdsRows) return undefined;
    return rowFault("merged-rows", "a quoted cell holds what looks like further rows: a quote may not be closed");
  }

  /** A value that may be a part is not stored. The transfer and gzip prove a file only as its export wrote it. */
  #cutOff(cells: readonly string[]): Finding | undefined {
    if (!this.#readsLastCell || this.#endings.isWhole(cells.at(-1)!)) return undefined;
    const what = "the file ends in its last cell, which may be cut off";
    return rowFault("cut-off", `${what} (source.lastLineEnd: false if the file never has a last line end)`);
  }
}

/** Cells after the header's, all empty, come from delimiters at the end of a line. */
function hasWidth(cells: readonly string[], width: number): boolean {
  if (cells.length === width) return true;
  return cells.length > width && cells.every((cell, index) => index < width || cell.trim() === "");
}

/** A cell in CSV notation. */
function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
