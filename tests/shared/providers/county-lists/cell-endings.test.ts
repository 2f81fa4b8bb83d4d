import { expect, it } from "vitest";
import { CellEndings } from "#providers/county-lists/cell-endings.ts";

function endingsOf(cells: readonly string[]): CellEndings {
  const endings = new CellEndings();
  for (let n = 0; n < 10; n++) for (const cell of cells) endings.add(cell);
  return endings;
}

it.each<[string, readonly string[], { whole: readonly string[]; open: readonly string[] }]>([
  ["amounts", ["1,234.56", "78.90"], { whole: ["1.00", "12,345.67"], open: ["", "1", "1,234", "1,234.", "1,234.5"] }],
  ["amounts, some without cents", ["1,234.56", "78"], { whole: ["9,912.50"], open: ["78", "1,234", "12.5"] }],
  ["dates", ["3/1/2026", "12/15/2025"], { whole: ["1/31/2026"], open: ["1/31/202", "1/3", "12/15/20"] }],
  ["words", ["OPEN", "REDEEMED"], { whole: ["OPEN"], open: ["REDEEM", "OPE", "O", "NEW"] }],
  ["words, one the beginning of another", ["OPEN", "OPENED"], { whole: ["OPENED"], open: ["OPEN"] }],
  ["parcels", ["123-45-678", "123-45-678A"], { whole: ["123-45-999A"], open: ["123-45-999", "123-45"] }],
  ["digits", ["123456789"], { whole: [], open: ["123456789", "12345678"] }],
])("the last cell of a column of %s is whole when no earlier cell begins with its shape", (_, cells, expected) => {
  const endings = endingsOf(cells);
  expect(expected.whole.filter((cell) => !endings.isWhole(cell))).toEqual([]);
  expect(expected.open.filter((cell) => endings.isWhole(cell))).toEqual([]);
});

it("fewer than ten cells show nothing", () => {
  const endings = new CellEndings();
  for (let n = 0; n < 9; n++) endings.add("1.00");
  expect(endings.isWhole("2.00")).toBe(false);
  endings.add("1.00");
  expect(endings.isWhole("2.00")).toBe(true);
});
