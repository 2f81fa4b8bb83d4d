import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, it } from "vitest";
import { CsvRecords, QuoteNotClosed, RecordTooLong } from "#providers/county-lists/csv-records.ts";

type Form = Partial<ConstructorParameters<typeof CsvRecords>[0]>;

/** @param cuts where the pieces end that the text comes in, in bytes */
function split(text: string, form: Form = {}, cuts: readonly number[] = []) {
  const splitter = new CsvRecords({ delimiter: ",", longest: 1_000, ...form });
  const bytes = Buffer.from(text);
  const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
  const pieces = places.slice(1).map((to, i) => bytes.subarray(places[i], to));
  return [...pieces.flatMap((piece) => [...splitter.read(piece)]), ...splitter.end()];
}
const cellsOf = (text: string, form?: Form, cuts?: readonly number[]) =>
  split(text, form, cuts).map(({ cells }) => cells);
const cuts = fc.array(fc.nat(200), { maxLength: 6 });

it.each([
  [
    "lines",
    "a,b\nc,d\n",
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  [
    "CRLF",
    "a,b\r\nc,d\r\n",
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  [
    "CR, as old Macs write",
    "a,b\rc,d\r",
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  [
    "no line end at the end",
    "a,b\nc,d",
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  [
    "empty cells, and empty lines that are none",
    ",\n\n\r\na,\n",
    [
      ["", ""],
      ["a", ""],
    ],
  ],
  [
    "quoted delimiters, quotes and line ends",
    '"a,b","c ""d"""\r\n"e\r\nf",""\r\n',
    [
      ["a,b", 'c "d"'],
      ["e\r\nf", ""],
    ],
  ],
  ["a quote within a cell as text", 'a 5" pipe,b\n', [['a 5" pipe', "b"]]],
  ["a cell that continues after its quote as text", '"Bob" Smith,b\n', [['"Bob" Smith', "b"]]],
  [
    "a CR within a line of LF as text",
    "a\rb,c\nd,e\n",
    [
      ["a\rb", "c"],
      ["d", "e"],
    ],
  ],
  ["a last quoted cell without line end", 'a,"b"', [["a", "b"]]],
  ["a last quoted cell with half a line end", 'a,"b"\r', [["a", "b"]]],
] as const)("reads %s", (_, text, expected) => {
  // The first line says how lines end: one of LF before the stray CR.
  const lead = text.startsWith("a\rb") ? "x\n" : "";
  const found = cellsOf(lead + text);
  expect(lead ? found.slice(1) : found).toEqual(expected);
});

const cell = fc.string({ unit: fc.constantFrom("a", "é", " ", '"', ",", ";", "\n", "\r", "\t"), maxLength: 6 });
const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 });

it("any records are read back, wherever the pieces of the text end", () => {
  fc.assert(
    fc.property(
      table,
      fc.constantFrom(",", ";", "\t"),
      fc.constantFrom("\n", "\r\n", "\r"),
      cuts,
      (rows, delimiter, lineEnd, cuts) => {
        const written = (value: string) =>
          value === "" || /["\r\n,;\t]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
        // The first line shows how lines end, as in a file's header.
        const text = [["head", "er"], ...rows].map((row) => row.map(written).join(delimiter) + lineEnd).join("");
        expect(cellsOf(text, { delimiter }, cuts)).toEqual([["head", "er"], ...rows]);
      },
    ),
  );
});

it("any text in any pieces gives the same records as csv-parse with the whole text, or both refuse it", () => {
  const body = fc.string({ unit: fc.constantFrom("a", '"', '""', ",", "\n", "b,c\n"), maxLength: 30 });
  fc.assert(
    fc.property(body, cuts, (body, cuts) => {
      const text = `x,y\n${body}`;
      const options = { relax_quotes: true, relax_column_count: true, skip_empty_lines: true, info: true } as const;
      const theirs = outcome(() =>
        (parse(text, options) as unknown as { record: string[]; info: { lines: number } }[]).map(
          ({ record }) => record,
        ),
      );
      expect(outcome(() => cellsOf(text, {}, cuts))).toEqual(theirs);
    }),
  );
});

it("empty lines are no record that is too long, and a quoted cell of line ends is", () => {
  const empty = "\r\n".repeat(100_000);
  expect(cellsOf(`a,b\r\n${empty}c,d\r\n${empty}`)).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
  expect(() => cellsOf(`a,b\r\n"${empty}",d\r\n`)).toThrow(RecordTooLong);
});

function outcome<T>(read: () => T): T | "refused" {
  try {
    return read();
  } catch {
    return "refused";
  }
}

it("reports the line in which a record ended, counting lines above the header and within cells", () => {
  const text = 'A "title\n\nhead,er\n"two\nlines",b\n\nc,d\n';
  const lines = (text: string) => split(text, { skipLines: 2 }).map(({ line }) => line);
  for (const lineEnd of ["\n", "\r\n", "\r"]) expect(lines(text.replaceAll("\n", lineEnd)), lineEnd).toEqual([3, 5, 7]);
});

it("refuses a record above the maximum: of one line, of a quoted cell, of empty cells", () => {
  for (const endless of ["x", '"x\n', ","]) {
    const splitter = new CsvRecords({ delimiter: ",", longest: 1_000 });
    const read = (piece: string) => [...splitter.read(Buffer.from(piece))];
    read("head,er\n");
    const readOn = () => {
      for (let i = 0; i < 1_002; i++) read(i ? endless.replace('"', "") : endless);
    };
    expect(readOn, endless).toThrow(RecordTooLong);
  }
});

it("an end within a quoted cell is an error", () => {
  expect(() => cellsOf('a,b\n"c,d\n')).toThrow(QuoteNotClosed);
});
