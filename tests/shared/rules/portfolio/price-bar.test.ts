import { describe, expect, it } from "vitest";
import { contradictions, usableBar, withoutRepeatedLast } from "#rules/portfolio/price-bar.ts";
import type { PricePoint } from "#rules/portfolio/price-series.ts";

const BAR: PricePoint = {
  date: "2026-04-09",
  open: "10",
  high: "12",
  low: "9",
  close: "11",
  adjustedClose: "10.5",
  volume: "100",
};
const bar = (change: Partial<PricePoint>): PricePoint => ({ ...BAR, ...change });

describe("the usable part of a bar", () => {
  it.each<[string, Partial<PricePoint>, Partial<PricePoint>]>([
    ["all of a sound one", {}, {}],
    ["no high and low of zero", { high: "0", low: "0.00" }, { high: null, low: null }],
    ["no open of zero", { open: "0" }, { open: null }],
    ["no negative values", { open: "-1", high: "-2", low: "-3" }, { open: null, high: null, low: null }],
    ["no adjusted close of zero", { adjustedClose: "0" }, { adjustedClose: null }],
    ["no high below the low", { high: "8.99", low: "9" }, { high: null, low: null }],
    ["a high that equals the low", { high: "9", low: "9" }, {}],
    ["a low beside a high of zero", { high: "0" }, { high: null }],
    ["a close of zero, which is judged later", { close: "0" }, {}],
    ["a text that is no number, which is a fault later", { open: "NaN" }, {}],
    ["missing values", { open: null, high: null, low: null }, {}],
  ])("has %s", (_, sent, left) => {
    expect(usableBar(bar(sent))).toEqual(bar({ ...sent, ...left }));
  });
});

describe("a day that is sent twice", () => {
  const [early, late] = [bar({ close: "10.9" }), bar({ close: "11" })];
  const next = bar({ date: "2026-04-10" });

  it.each<[string, PricePoint[], PricePoint[]]>([
    ["counts once when it is the last, with the later values", [early, late], [late]],
    ["counts once when it is sent three times", [early, early, late], [late]],
    ["stays when it is an earlier one", [early, late, next], [early, late, next]],
  ])("%s", (_, sent, left) => {
    expect(withoutRepeatedLast(sent)).toEqual(left);
  });

  it("is not there in an empty series", () => {
    expect(withoutRepeatedLast([])).toEqual([]);
  });
});

describe("a close contradicts the other prices of its day", () => {
  it.each<[string, Partial<PricePoint>, string | undefined]>([
    ["within the range", {}, undefined],
    ["a little above the high", { close: "12.5" }, undefined],
    ["far above the high", { close: "12.7" }, "it is above the day's high of 12"],
    ["a little below the low", { close: "8.6" }, undefined],
    ["far below the low", { close: "8.5" }, "it is below the day's low of 9"],
    ["without a range", { close: "50", high: null, low: null }, undefined],
  ])("%s", (_, change, words) => {
    expect(contradictions([bar({ adjustedClose: null, ...change })])).toEqual([words]);
  });

  const adjusted = (close: string, adjustedClose: string) => bar({ close, adjustedClose, high: null, low: null });
  it.each<[string, PricePoint[], boolean]>([
    ["with an adjusted close that moved too", [adjusted("10", "9"), adjusted("5", "4.5"), adjusted("10", "9")], false],
    ["with one that did not move", [adjusted("10", "9"), adjusted("5", "9"), adjusted("10", "9")], true],
    ["with one that did not move, on the newest day", [adjusted("10", "9"), adjusted("5", "9")], true],
    [
      "after a dividend, which the next days keep",
      [adjusted("10", "9"), adjusted("9", "9"), adjusted("9", "9")],
      false,
    ],
    ["without adjusted closes", [adjusted("10", "9"), bar({ adjustedClose: null, high: null, low: null })], false],
  ])("%s", (_, points, isContradiction) => {
    expect(contradictions(points)[1] !== undefined).toBe(isContradiction);
  });
});
