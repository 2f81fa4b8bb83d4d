import fc from "fast-check";
import { expect, it } from "vitest";
import { readAmount } from "#rules/tax-liens/county-amount.ts";
import { dateReader, isDatePattern } from "#rules/tax-liens/county-date.ts";
import { rejectLine } from "#rules/tax-liens/reject-line.ts";

it.each([
  ["$8,200", "8200"],
  ["14,497.43", "14497.43"],
  ["2670.910", "2670.91"],
  ["(12.00)", "-12"],
  ["-$5", "-5"],
  ["0", "0"],
  ["16 %", null],
  ["NA", null],
  ["", null],
  ["1,23.4", null],
  ["1.2.3", null],
  ["1e5", null],
  ["Infinity", null],
])("%s is the amount %s", (text, amount) => {
  expect(readAmount(text)).toBe(amount);
});

it("a decimal comma is parsed when the county uses it", () => {
  expect([readAmount("1.234,50", "comma"), readAmount("1.234,50")]).toEqual(["1234.5", null]);
});

it("an amount in any style is parsed exactly", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (cents) => {
      const written = (cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2 });
      expect(Math.round(Number(readAmount(`$${written}`)) * 100)).toBe(cents);
    }),
  );
});

it.each([
  ["MM/DD/YYYY", "02/29/2024", "2024-02-29"],
  ["MM/DD/YYYY", "02/30/2024", null],
  ["M/D/YYYY", "2/9/2024", "2024-02-09"],
  ["YYYY-MM-DD", "2024-02-09T00:00:00.000", "2024-02-09"],
  ["DD.MM.YYYY", "09.02.2024", "2024-02-09"],
  ["DD.MM.YYYY", "09/02/2024", null],
  ["YYYYMMDD", "20240209", "2024-02-09"],
  ["YYYYMMD", "2024029", "2024-02-09"],
  ["M/D/YYYY", "12/3/2024 9:05:00 AM", "2024-12-03"],
  ["M/D/YYYY", "12/3/20245", null],
  ["YYYY/MM/DD", "2024/02/", null],
])("by %s, %s is %s", (pattern, text, date) => {
  expect(dateReader(pattern)(text)).toBe(date);
});

it.each(["MM/DD", "MM/DD/YYYY/DD", "MDYYYY", "YYYYMD", "DMM-YYYY", "MMMMM/D/YYYY", "YYY/MM/DD", "(a+)+"])(
  "%s is refused as a date pattern",
  (pattern) => {
    expect(isDatePattern(pattern)).toBe(false);
    expect(() => dateReader(pattern)).toThrow("expected a pattern such as MM/DD/YYYY");
  },
);

it("a formula in a refused row is escaped in the reject file", () => {
  expect(rejectLine({ line: 7, reasons: ["why"], raw: '=cmd|"/C calc"!A1' })).toBe(
    '7,"why","\'=cmd|""/C calc""!A1"\r\n',
  );
});
