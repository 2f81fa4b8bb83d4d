import { describe, expect, it } from "vitest";
import { covers, isSameScale, type PricePoint, seriesFault, splitSuspect } from "#rules/portfolio/price-series.ts";

function point(date: string, close: string, rest: Partial<PricePoint> = {}): PricePoint {
  return { date, close, open: null, high: null, low: null, adjustedClose: null, volume: null, ...rest };
}

const TODAY = "2026-04-10";

it.each<[string, Partial<PricePoint>, RegExp]>([
  ["a date that does not exist", { date: "2026-02-30" }, /has a day "2026-02-30"/],
  ["a day in the future", { date: "2026-04-11" }, /in the future \(today at the exchange is 2026-04-10\)/],
  ["an exponent", { close: "1e3" }, /"1e3" as close/],
  ["an open of zero", { open: "0.000" }, /"0.000" as open/],
  ["no close", { close: "" }, /"" as close/],
  ["a sign", { adjustedClose: "+1" }, /"\+1" as adjusted close/],
  ["a volume below zero", { volume: "-1" }, /"-1" as volume/],
  ["a high below the low", { high: "9.99", low: "10" }, /high of 9.99 below the low of 10/],
  [
    "a high below the low by less than a JavaScript number can tell",
    { high: "10.00000000000000000001", low: "10.00000000000000000002" },
    /high of \S+1 below the low of \S+2 /,
  ],
])("%s is a fault", (_, wrong, words) => {
  expect(seriesFault([point("2026-04-08", "1"), { ...point("2026-04-09", "1"), ...wrong }], TODAY)).toMatch(words);
});

it("a valid series has no fault, and a duplicate day is one", () => {
  const sound = [point("2026-04-09", "1.5", { high: "10", low: "9.99", volume: "0" }), point("2026-04-10", "1")];
  expect(seriesFault(sound, TODAY)).toBeUndefined();
  expect(seriesFault([], TODAY)).toBeUndefined();
  expect(seriesFault([...sound, point("2026-04-10", "2")], TODAY)).toBe("has 2026-04-10 twice");
});

describe("fetched prices continue the stored series", () => {
  const stored = [point("2026-04-08", "100"), point("2026-04-09", "101")];

  it.each([
    ["raw", "101", true],
    ["raw", "102.5", true],
    ["raw", "25.25", false],
    ["raw", "404", false],
    ["adjusted", "101.01", true],
    ["adjusted", "100.4", false],
  ] as const)("%s, with %s where 101 is stored: %s", (kind, close, isSame) => {
    expect(isSameScale(kind, stored, [point("2026-04-09", close), point("2026-04-10", "7")])).toBe(isSame);
  });

  it("not when only an earlier day has another scale: the source adjusted it later", () => {
    expect(isSameScale("raw", stored, [point("2026-04-08", "10"), point("2026-04-09", "101")])).toBe(false);
  });

  it("when no day is in both, they continue it", () => {
    expect(isSameScale("raw", stored, [point("2026-04-10", "7")])).toBe(true);
    expect(isSameScale("raw", [], stored)).toBe(true);
  });
});

it("a split is suspected when a close jumps, not when it moves like a fund", () => {
  expect(
    splitSuspect([point("2026-04-08", "100"), point("2026-04-09", "80"), point("2026-04-10", "100")]),
  ).toBeUndefined();
  expect(splitSuspect([point("2026-04-08", "100"), point("2026-04-09", "50")])).toBe("2026-04-09");
  expect(splitSuspect([point("2026-04-08", "10"), point("2026-04-09", "100")])).toBe("2026-04-09");
});

it("a series covers another one that begins or ends at most a week beyond it", () => {
  const series = [point("2020-01-08", "1"), point("2026-04-03", "1")];
  expect(covers(series, { first: "2020-01-01", last: "2026-04-10" })).toBe(true);
  expect(covers(series, { first: "2019-12-31", last: "2026-04-10" })).toBe(false);
  expect(covers(series, { first: "2020-01-01", last: "2026-04-11" })).toBe(false);
  expect(covers([], { first: "2020-01-01", last: "2026-04-11" })).toBe(false);
});
