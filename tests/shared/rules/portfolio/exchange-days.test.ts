import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { addDays } from "#rules/civil-date.ts";
import { expectedPriceDay, isTradingDay, newestFinalDay } from "#rules/portfolio/exchange-days.ts";
import { sample } from "#support/sample-data.ts";

it.each([
  ["SPY", "2026-07-06T20:30:00Z", "2026-07-06"],
  // The holiday on a Saturday is observed on Friday.
  ["SPY", "2026-07-03T20:30:00Z", "2026-07-02"],
  ["SPY", "2026-04-02T20:19:00Z", "2026-04-01"],
  ["SPY", "2026-04-02T20:20:00Z", "2026-04-02"],
  // Between the clock changes New York closes an hour earlier in Europe.
  ["SPY", "2026-03-10T20:19:00Z", "2026-03-09"],
  ["SPY", "2026-03-06T21:20:00Z", "2026-03-06"],
  ["VWCE.DE", "2026-04-06T20:30:00Z", "2026-04-02"],
  ["VWCE.DE", "2026-12-31T21:30:00Z", "2026-12-30"],
  ["VWCE.DE", "2026-03-27T16:49:00Z", "2026-03-26"],
  ["VWCE.DE", "2026-03-30T15:50:00Z", "2026-03-30"],
  ["CSPX.L", "2026-08-31T20:30:00Z", "2026-08-28"],
  ["CSPX.L", "2027-12-28T20:30:00Z", "2027-12-23"],
  ["CSPX.L", "2026-05-04T20:30:00Z", "2026-05-01"],
  ["CHSPI.SW", "2026-05-14T20:30:00Z", "2026-05-13"],
])("the expected price of %s at %s is that of %s", (symbol, now, day) => {
  expect(expectedPriceDay(symbol, new Date(now))).toBe(day);
});

it("no day is expected of an exchange that is not known", () => {
  expect(expectedPriceDay("0050.TW", new Date())).toBeNull();
  expect(newestFinalDay("0050.TW", new Date())).toBeNull();
});

const spy = sample("prices/stooq-spy_us_d.csv");
describe.skipIf(!spy)("in New York", () => {
  it("trading was on the days of the calendar since 2015, but for days of mourning and before Juneteenth", () => {
    const lines = readFileSync(spy!, "utf8").trim().split("\n").slice(1);
    const traded = new Set(lines.map((line) => line.slice(0, 10)));
    const [first = "", last = ""] = [lines[0]?.slice(0, 10), lines.at(-1)?.slice(0, 10)];
    const different: string[] = [];
    for (let day = first; day <= last; day = addDays(day, 1)) {
      if (isTradingDay("", day) !== traded.has(day)) different.push(day);
    }
    const juneteenth = [
      "2015-06-19",
      "2016-06-20",
      "2017-06-19",
      "2018-06-19",
      "2019-06-19",
      "2020-06-19",
      "2021-06-18",
    ];
    expect(different).toEqual([...juneteenth, "2018-12-05", "2025-01-09"].sort());
  });
});
