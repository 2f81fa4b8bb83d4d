/** With fewer cells a column does not show how its cells end. */
const FEWEST_CELLS = 10;
/** Shapes of cells that are remembered; a column with more of them tells nothing. */
const MOST_SHAPES = 10_000;
/** A longer cell is text, whose end shows nothing. */
const LONGEST_CELL = 64;

/**
 * Tells whether the last cell of a file that ends without a line end is whole, by the earlier cells of its column: it
 * has the shape of one, and not that of the beginning of one. `100.0` may be a cut `100.00`; `OPEN` is whole, unless a
 * cell such as `OPENED` exists. A cell of digits alone may always be the beginning of a longer number.
 */
export class CellEndings {
  readonly #shapes = new Set<string>();
  readonly #beginnings = new Set<string>();
  #cells = 0;

  add(cell: string): void {
    this.#cells += 1;
    const digits = digitsAsZero(cell);
    if (this.#shapes.has(digits) || this.#shapes.size === MOST_SHAPES) return;
    this.#shapes.add(digits);
    for (let length = 0; length < Math.min(digits.length, LONGEST_CELL); length++) {
      this.#beginnings.add(shapeOf(digits.slice(0, length)));
    }
  }

  isWhole(cell: string): boolean {
    if (this.#cells < FEWEST_CELLS || this.#shapes.size === MOST_SHAPES) return false;
    if (cell.length >= LONGEST_CELL || /^\d+$/.test(cell)) return false;
    const shape = shapeOf(digitsAsZero(cell));
    return !this.#beginnings.has(shape) && [...this.#shapes].some((known) => shapeOf(known) === shape);
  }
}

function digitsAsZero(text: string): string {
  return text.replace(/\d/g, "0");
}

/** How many digits come before another character does not matter: 1,234.50 ends as 9.75 does. */
function shapeOf(digits: string): string {
  return digits.replace(/0+(?=[^0])/g, "0");
}
