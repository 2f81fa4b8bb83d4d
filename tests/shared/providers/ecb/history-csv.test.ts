import { createReadStream, existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { daysOfHistory } from "#providers/ecb/history-csv.ts";
import { all, providerErrorOf } from "../scripted-server.ts";

const source = { provider: "ecb", url: "https://ecb.example/hist.csv" };
const ALWAYS = { start: "1999-01-01", end: "2999-12-31", source };

const SAMPLE = `Date,USD,JPY,HRK,
2023-01-03,1.0545,137.57,N/A,
2023-01-02,1.0683,140.10,N/A,
2022-12-30,1.0666,140.66,7.5365,
2022-12-29,1.0649,142.24,7.5380,
`;

async function* inPieces(text: string, size = text.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
}
const read = (text: string, range: Partial<typeof ALWAYS> = {}) =>
  all(daysOfHistory(inPieces(text), { ...ALWAYS, ...range }));

test("each day has its rates with the digits as published, and none where there is N/A", async () => {
  const days = await read(SAMPLE);
  expect(days.map(({ date }) => date)).toEqual(["2023-01-03", "2023-01-02", "2022-12-30", "2022-12-29"]);
  expect(days[1]).toEqual({
    date: "2023-01-02",
    source: "ecb",
    rates: [
      { quote: "USD", rate: "1.0683" },
      { quote: "JPY", rate: "140.10" },
    ],
  });
  expect(days[2]?.rates).toContainEqual({ quote: "HRK", rate: "7.5365" });
});

test("only the days from start to end are yielded, and reading stops before the start", async () => {
  const days = await read(SAMPLE, { start: "2022-12-30", end: "2023-01-02" });
  expect(days.map(({ date }) => date)).toEqual(["2023-01-02", "2022-12-30"]);
  const brokenBefore = SAMPLE.replace("2022-12-29,1.0649", "2022-12-29,broken");
  expect(await read(brokenBefore, { start: "2022-12-30" })).toHaveLength(3);
});

test("the days do not depend on how the bytes are split", async () => {
  const whole = await read(SAMPLE);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 60 }), async (size) => {
      expect(await all(daysOfHistory(inPieces(SAMPLE, size), ALWAYS))).toEqual(whole);
    }),
    { numRuns: 30 },
  );
});

test("Windows line ends, a byte order mark and a header without the last comma are read too", async () => {
  const other = `\uFEFF${SAMPLE.replaceAll(",\n", "\r\n")}`;
  expect(await read(other)).toEqual(await read(SAMPLE));
});

test("a day is yielded only after its whole line was read, wherever the file was cut", async () => {
  const whole = await read(SAMPLE);
  for (let length = 0; length < SAMPLE.length; length++) {
    const seen: unknown[] = [];
    const cut = SAMPLE.slice(0, length);
    const reading = async () => {
      for await (const day of daysOfHistory(inPieces(cut), ALWAYS)) seen.push(day);
    };
    const isAtLineEnd = cut.endsWith("\n") && seen.length === 0 && cut.split("\n").length > 2;
    if (isAtLineEnd) await reading();
    else expect((await providerErrorOf(reading)).errorClass).toBe("transient");
    expect(seen).toEqual(whole.slice(0, Math.max(cut.split("\n").length - 2, 0)));
  }
});

describe("refuses", () => {
  test.each([
    ["another first column", SAMPLE.replace("Date", "Day"), 'must begin with the column "Date", got "Day"'],
    ["a missing header", SAMPLE.slice(SAMPLE.indexOf("\n") + 1), 'must begin with the column "Date", got "2023-01-03"'],
    ["an unknown column", SAMPLE.replace("HRK", "QQQ"), 'has an unknown column "QQQ" (number 4)'],
    ["a column that is no code", SAMPLE.replace("HRK", "kuna"), 'has an unknown column "kuna"'],
    ["a column without a name", SAMPLE.replace("JPY", ""), 'has an unknown column ""'],
    ["a column twice", SAMPLE.replace("JPY", "USD"), 'has the column "USD" twice'],
    ["no currency", "Date,\n", "has no currency column"],
    [
      "a date that does not exist",
      SAMPLE.replace("2023-01-02", "2023-02-30"),
      "has no date YYYY-MM-DD at the start of line 3",
    ],
    ["a date in another form", SAMPLE.replace("2023-01-02", "2 January 2023"), 'got "2 January 2023'],
    ["a date twice", SAMPLE.replace("2023-01-02", "2023-01-03"), "out of order: 2023-01-03 in line 3 is there twice"],
    ["days out of order", SAMPLE.replace("2022-12-30", "2023-01-05"), "2023-01-05 in line 4 follows 2023-01-02"],
    ["a rate of zero", SAMPLE.replace("1.0683", "0.0000"), 'has "0.0000" for USD in line 3'],
    ["a negative rate", SAMPLE.replace("1.0683", "-1.0683"), 'has "-1.0683" for USD'],
    ["an exponent", SAMPLE.replace("1.0683", "1e5"), 'has "1e5" for USD'],
    ["an empty cell", SAMPLE.replace("1.0683", ""), 'has "" for USD in line 3'],
    ["too few cells", SAMPLE.replace("140.10,", ""), "has 4 cells in line 3, expected 5"],
    ["too many cells", SAMPLE.replace("140.10", "140,10"), "has 6 cells in line 3, expected 5"],
    ["an endless line", `Date,${"USD,".repeat(20_000)}`, "has a line of more than 65536 characters"],
  ])("%s", async (_what, text, sentence) => {
    const trouble = await providerErrorOf(() => read(text));
    expect(trouble).toMatchObject({ errorClass: "validation", provider: "ecb", url: source.url });
    expect(trouble.message).toContain(sentence);
  });

  test("a fault is thrown after the valid days before it", async () => {
    const seen: string[] = [];
    await providerErrorOf(async () => {
      const text = SAMPLE.replace("140.66", "oops");
      for await (const { date } of daysOfHistory(inPieces(text), ALWAYS)) seen.push(date);
    });
    expect(seen).toEqual(["2023-01-03", "2023-01-02"]);
  });
});

const FULL = "../shared/data/fx/eurofxref-hist-1999-2026-04-13.csv";
describe.skipIf(!existsSync(FULL))("the ECB's own file (skipped where ../shared/data is missing)", () => {
  test("has as many points as it has numeric cells, each with its exact digits", async () => {
    const lines = readFileSync(FULL, "utf8").trimEnd().split("\n");
    const columns = (lines[0] ?? "").split(",");
    const expected = lines.slice(1).map((line) => {
      const cells = line.split(",");
      const points = columns.flatMap((quote, index) => {
        const rate = cells[index] ?? "";
        return index > 0 && rate !== "N/A" && rate !== "" ? [{ quote, rate }] : [];
      });
      return { date: cells[0], source: "ecb", rates: points };
    });

    const days = await all(daysOfHistory(createReadStream(FULL), ALWAYS));
    expect(days).toHaveLength(6_983);
    expect(days.reduce((points, { rates }) => points + rates.length, 0)).toBe(217_555);
    expect(days).toEqual(expected);
  });
});
