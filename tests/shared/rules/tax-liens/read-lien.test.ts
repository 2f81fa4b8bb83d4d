import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAmount, readRate } from "#rules/tax-liens/county-amount.ts";
import { dateReader } from "#rules/tax-liens/county-date.ts";
import { isMissing, wordKey } from "#rules/tax-liens/list-words.ts";
import { damageOf, withoutTextMark } from "#rules/tax-liens/spreadsheet-marks.ts";

describe("amounts", () => {
  it.each([
    [".50", "0.5"],
    [".00", "0"],
    ["$ -", "0"],
    [" $-   ", "0"],
    ["(1,234.50)", "-1234.5"],
    ["$(5.00)", "-5"],
    ["5.00-", "-5"],
    ["$-5", "-5"],
    ["\u22125", "-5"],
    ["USD 5", "5"],
    ["12 5", null],
    ["100 200", null],
    ["100,200.0.0", null],
    ["(-5)", null],
    ["--5", null],
    ["-", null],
    [".", null],
    ["16 %", null],
    ["1.01E+11", null],
    ["5,", null],
  ])("%s is %s", (text, amount) => {
    expect(readAmount(text)).toBe(amount);
  });

  it.each([
    ["point", "en-US"],
    ["comma", "de-DE"],
    ["blank-comma", "fr-FR"],
  ] as const)("in the style %s are read as the locale %s writes them", (style, locale) => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), (cents) => {
        const written = (cents / 100).toLocaleString(locale, { minimumFractionDigits: 2 });
        expect(Math.round(Number(readAmount(written, style)) * 100)).toBe(cents === 0 ? 0 : cents);
      }),
    );
  });

  it("two numbers in one cell are never one amount", () => {
    fc.assert(
      fc.property(
        fc.nat(99_999),
        fc.nat(99_999),
        fc.constantFrom(" ", "  ", "\t", "\u00A0", " / ", "; "),
        (a, b, gap) => {
          expect(readAmount(`${a}${gap}${b}`)).toBeNull();
        },
      ),
    );
  });

  it("a rate is percent by its sign in any unit", () => {
    expect([readRate("16%"), readRate("16 %", "point", "fraction"), readRate("0.085", "point", "fraction")]).toEqual([
      "16",
      "16",
      "8.5",
    ]);
    expect([readRate("$16"), readRate("16%%")]).toEqual([null, null]);
  });
});

describe("dates", () => {
  it.each([
    ["MM/DD/YY", "11/19/03", "2003-11-19"],
    ["MM/DD/YY", "11/19/69", "1969-11-19"],
    ["M/D/YY", "2/10/2026", null],
    ["D-MMM-YY", "10-FEB-26", "2026-02-10"],
    ["MMM D, YYYY", "Sept. 5, 2026", "2026-09-05"],
    ["MMMM D, YYYY", "February 10,  2026", "2026-02-10"],
    ["MMMM D, YYYY", "Feb 10, 2026", null],
    ["D-MMM-YY", "30-FEB-26", null],
    ["D-MMM-YY", "10-XYZ-26", null],
    ["epoch-ms", "1770681600000", "2026-02-10"],
    ["epoch-s", "1770681600", "2026-02-10"],
    ["epoch-ms", "/Date(1770681600000)/", "2026-02-10"],
    ["epoch-ms", "2026-02-10", null],
    ["spreadsheet-days", "46063", "2026-02-10"],
  ])("by %s, %s is %s", (pattern, text, date) => {
    expect(dateReader(pattern)(text)).toBe(date);
  });

  it("a text that two patterns read as different days is no date", () => {
    const read = dateReader(["MM/DD/YYYY", "DD/MM/YYYY"]);
    expect([read("02/03/2026"), read("02/02/2026"), read("13/02/2026")]).toEqual([null, "2026-02-02", "2026-02-13"]);
  });

  it("every day is read as locales write it", () => {
    const forms = [
      ["M/D/YYYY", "en-US", {}],
      ["MMM D, YYYY", "en-US", { dateStyle: "medium" }],
      ["MMMM D, YYYY", "en-US", { dateStyle: "long" }],
      ["DD/MM/YYYY", "en-GB", {}],
      ["DD.MM.YYYY", "de-DE", { day: "2-digit", month: "2-digit", year: "numeric" }],
      ["YYYY-MM-DD", "sv-SE", {}],
    ] as const;
    const days = fc.integer({ min: -25_000, max: 80_000 });
    fc.assert(
      fc.property(days, fc.constantFrom(...forms), (day, [pattern, locale, style]) => {
        const date = new Date(day * 86_400_000);
        const written = date.toLocaleDateString(locale, { timeZone: "UTC", ...style });
        expect(dateReader(pattern)(written)).toBe(date.toISOString().slice(0, 10));
      }),
    );
  });
});

it("names and words are compared without case, space and invisible characters", () => {
  expect(wordKey("\uFEFF Parcel\u00A0 \u200BNumber ")).toBe("parcel number");
  expect(["", " ", "n/a", "NULL", "--", "#N/A", "\u2014"].filter((text) => !isMissing(text))).toEqual([]);
  expect(["0", "NAN LLC", "X", "-5"].filter(isMissing)).toEqual([]);
});

it.each([
  ["1.01E+11", true],
  ["1E+05", true],
  ["1.01001E11", true],
  ["#REF!", true],
  ["######", true],
  ["3-Dec", true],
  ["Dec-03", true],
  ["4E12", false],
  ["12-345-678", false],
  ["#12", false],
])("%s is destroyed by a spreadsheet: %s", (id, isDamaged) => {
  expect(damageOf(id) !== undefined).toBe(isDamaged);
});

it("marks of spreadsheets are removed from ids, apostrophes in them are not", () => {
  expect(['="00123"', "'00124", "O'NEIL", "'A' BLOCK"].map(withoutTextMark)).toEqual([
    "00123",
    "00124",
    "O'NEIL",
    "'A' BLOCK",
  ]);
});
