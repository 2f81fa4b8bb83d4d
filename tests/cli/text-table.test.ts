import fc from "fast-check";
import { expect, test } from "vitest";
import { type Column, renderTable, wrap } from "#cli/text-table.ts";

const plain = (_: string, text: string) => text;
const columns: Column[] = [{ title: "A" }, { title: "B", flexible: true }, { title: "C", align: "right" }];

test("columns are aligned with their titles, numbers to the right, without trailing spaces", () => {
  const rows = [
    { cells: ["one", "short", "1"] },
    { cells: ["fourteen", [{ text: "above" }, { text: "below" }], "1,000"], note: { text: "and a word on it" } },
  ];
  expect(renderTable(columns, rows, 100, plain)).toBe(
    [
      "A         B          C",
      "one       short      1",
      "fourteen  above  1,000",
      "          below",
      "  and a word on it",
    ].join("\n"),
  );
});

test("colours do not count as width", () => {
  const rows = [{ cells: [{ text: "x", style: "red" as const }, "y", "z"] }];
  const painted = renderTable(columns, rows, 100, (style, text) => `<${style}>${text}</>`);
  expect(painted).toBe("<dim>A</>  <dim>B</>  <dim>C</>\n<red>x</>  y  z");
});

test("no line is wider than the screen, and no word is lost", () => {
  const word = fc.stringMatching(/^[a-z]{1,9}$/);
  const cell = fc.array(word, { maxLength: 12 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 40, max: 120 }),
      (rows, width) => {
        const lines = renderTable(
          columns,
          rows.map((cells) => ({ cells })),
          width,
          plain,
        ).split("\n");
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        const letters = (text: string) => text.replace(/\s/g, "").split(/(?=.)/).sort().join("");
        expect(letters(lines.slice(1).join(""))).toBe(letters(rows.flat().join("")));
      },
    ),
  );
});

test("the flexible column shrinks before the others", () => {
  const rows = [{ cells: ["a-word-that-must-not-break", "one two three four five", "9"] }];
  expect(renderTable(columns, rows, 42, plain)).toBe(
    [
      "A                           B            C",
      "a-word-that-must-not-break  one two      9",
      "                            three four",
      "                            five",
    ].join("\n"),
  );
});

test.each([
  ["one two three", 7, ["one two", "three"]],
  ["abcdefgh ij", 3, ["abc", "def", "gh", "ij"]],
  ["", 5, [""]],
  ["  a   b  ", 5, ["a b"]],
])("%j breaks at %i into %j", (text, width, lines) => {
  expect(wrap(text, width)).toEqual(lines);
});
