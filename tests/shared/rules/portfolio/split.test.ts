import { describe, expect, it } from "vitest";
import type { PricePoint } from "#rules/portfolio/price-series.ts";
import { adjustedForSplits, type Split, splitRatio } from "#rules/portfolio/split.ts";

/** Closes of the days from 2026-04-01 on. */
function series(...closes: string[]): PricePoint[] {
  return closes.map((close, index) => ({
    date: `2026-04-0${index + 1}`,
    close,
    open: close,
    high: close,
    low: null,
    adjustedClose: close,
    volume: "100",
  }));
}
const splitOn = (date: string, numerator: string, denominator = "1"): Split => ({ date, numerator, denominator });
const closes = (points: readonly PricePoint[]) => points.map(({ close }) => close);

describe("earlier prices", () => {
  it.each<[string, string[], Split, string[]]>([
    [
      "are divided by a split that the closes show",
      ["100", "101", "10"],
      splitOn("2026-04-03", "10"),
      ["10", "10.1", "10"],
    ],
    ["stay when the source has adjusted them", ["10", "10.1", "10"], splitOn("2026-04-03", "10"), ["10", "10.1", "10"]],
    [
      "are multiplied by a merging of shares",
      ["10", "10", "100"],
      splitOn("2026-04-03", "1", "10"),
      ["100", "100", "100"],
    ],
    ["of three for two", ["90", "90", "60"], splitOn("2026-04-03", "3", "2"), ["60", "60", "60"]],
    [
      "stay for a split that a day's move may hide",
      ["100", "100", "91"],
      splitOn("2026-04-03", "11", "10"),
      ["100", "100", "91"],
    ],
    ["stay for a split before the first day", ["10", "10"], splitOn("2026-03-31", "10"), ["10", "10"]],
    ["stay for a split after the last day", ["100", "100"], splitOn("2026-04-09", "10"), ["100", "100"]],
    [
      "are divided although one close beside it is wrong",
      ["100", "100", "1", "10", "10", "10"],
      splitOn("2026-04-04", "10"),
      ["10", "10", "0.1", "10", "10", "10"],
    ],
  ])("%s", (_, sent, split, expected) => {
    expect(closes(adjustedForSplits(series(...sent), [split]).points)).toEqual(expected);
  });
});

it("two splits are applied one after the other, and a second call applies none", () => {
  const splits = [splitOn("2026-04-03", "2"), splitOn("2026-04-05", "5")];
  const { points, applied } = adjustedForSplits(series("100", "100", "50", "50", "10", "10"), splits);
  expect(closes(points)).toEqual(["10", "10", "10", "10", "10", "10"]);
  expect(applied).toEqual(splits);
  expect(adjustedForSplits(points, splits)).toEqual({ points, applied: [] });
});

it("a split changes all prices and the volume of a day, to 15 digits", () => {
  const { points } = adjustedForSplits(series("100", "100", "33.3"), [splitOn("2026-04-03", "3")]);
  const price = "33.3333333333333";
  expect(points[0]).toEqual({
    date: "2026-04-01",
    open: price,
    high: price,
    low: null,
    close: price,
    adjustedClose: price,
    volume: "300",
  });
});

it("the ratio of a split is the number of shares that one became", () => {
  expect([splitRatio(splitOn("", "10")), splitRatio(splitOn("", "1", "4"))]).toEqual([10, 0.25]);
});
