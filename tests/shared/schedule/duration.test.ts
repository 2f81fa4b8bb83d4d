import fc from "fast-check";
import { expect, it } from "vitest";
import { inWords, milliseconds } from "#schedule/duration.ts";

it.each([
  ["250ms", 250],
  ["5s", 5_000],
  ["1.5s", 1_500],
  ["10m", 600_000],
  ["2h", 7_200_000],
  ["30d", 2_592_000_000],
  ["0s", 0],
  ["0.4ms", 0],
])("reads %s as %d ms", (text, ms) => {
  expect(milliseconds(text)).toBe(ms);
});

it.each(["", "5", "s", "5 s", "-5s", "+5s", "1e3s", "5S", "5s ", "5sec", "1,5s", ".5s", "5.s", "Infinitys", "4000d"])(
  "refuses %j, saying what it expected",
  (text) => {
    expect(() => milliseconds(text)).toThrow(
      `expected a duration such as "30s", "10m" or "2h", at most ten years, got ${JSON.stringify(text)}`,
    );
  },
);

it("reads any text as whole milliseconds that a Date can hold, or refuses it", () => {
  const text = fc.oneof(
    fc.string(),
    fc.tuple(fc.double(), fc.constantFrom("ms", "s", "m", "h", "d", "")).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (written) => {
      let ms: number;
      try {
        ms = milliseconds(written);
      } catch (error) {
        return error instanceof RangeError;
      }
      return Number.isInteger(ms) && ms >= 0 && !Number.isNaN(new Date(Date.UTC(2030) + ms).getTime());
    }),
  );
});

it.each([
  [0, "0 ms"],
  [820.4, "820 ms"],
  [999.7, "1 s"],
  [4_200, "4.2 s"],
  [59_949, "59.9 s"],
  [59_999, "1 min"],
  [60_000, "1 min"],
  [185_000, "3 min 5 s"],
  [3_599_999, "1 h"],
  [7_199_999, "2 h"],
  [7_800_000, "2 h 10 min"],
  [86_400_000, "24 h"],
  [30.5 * 86_400_000, "30 d 12 h"],
])("writes %d ms as %s", (ms, words) => {
  expect(inWords(ms)).toBe(words);
});

it("never writes sixty of what makes one of the next unit", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 4e11, noNaN: true }), (ms) => {
      expect(inWords(ms)).not.toMatch(/\b60(\.0)? (s|min)|\b1000 ms/);
    }),
  );
});
