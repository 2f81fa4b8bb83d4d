import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";
import { addDays } from "#rules/civil-date.ts";
import {
  easterSunday,
  expectedRateDay,
  isTargetDay,
  rateDaysToFetch,
  targetDayOnOrBefore,
} from "#rules/portfolio/target-days.ts";
import { sample } from "#support/sample-data.ts";

it("Easter dates match the almanacs", () => {
  expect([1999, 2000, 2008, 2011, 2019, 2024, 2025, 2026, 2038, 2100].map(easterSunday)).toEqual([
    ...["1999-04-04", "2000-04-23", "2008-03-23", "2011-04-24", "2019-04-21"],
    ...["2024-03-31", "2025-04-20", "2026-04-05", "2038-04-25", "2100-03-28"],
  ]);
});

it("Easter is a Sunday from 22 March to 25 April in every year", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1583, max: 4_000 }), (year) => {
      const easter = easterSunday(year);
      expect(new Date(`${easter}T00:00:00Z`).getUTCDay()).toBe(0);
      expect(easter.slice(5) >= "03-22" && easter.slice(5) <= "04-25").toBe(true);
    }),
  );
});

it("TARGET is closed on weekends and six holidays", () => {
  const closed = ["2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25", "2026-12-26", "2026-03-14"];
  expect(closed.filter(isTargetDay)).toEqual([]);
  expect(["2026-04-02", "2026-04-07", "2026-05-14", "2026-12-24"].every(isTargetDay)).toBe(true);
});

it("the last open day of a closed day is the one before it", () => {
  expect(targetDayOnOrBefore("2026-04-06")).toBe("2026-04-02");
  expect(targetDayOnOrBefore("2026-04-07")).toBe("2026-04-07");
});

it.each([
  ["before 16:00 of a working day the day before it", "2026-04-09T13:59:59Z", "2026-04-08"],
  ["from 16:00 on the day itself", "2026-04-09T14:00:00Z", "2026-04-09"],
  ["in winter at 15:00 UTC", "2026-03-27T15:00:00Z", "2026-03-27"],
  ["on a holiday the last working day", "2026-04-06T20:00:00Z", "2026-04-02"],
])("the expected day is %s", (_, now, day) => {
  expect(expectedRateDay(new Date(now))).toBe(day);
});

it("the days to fetch are the open days without rates since the first stored day, and the expected day", () => {
  const daysOf = (stored: string[], expected: string, asOfDay = expected) =>
    rateDaysToFetch(stored, { expected, asOfDay });
  expect(daysOf([], "2026-04-09")).toEqual(["2026-04-09"]);
  expect(daysOf(["2026-04-01", "2026-04-07"], "2026-04-09")).toEqual(["2026-04-02", "2026-04-08", "2026-04-09"]);
  // The newest day may be incomplete; in the past, a stored day is not fetched again.
  expect(daysOf(["2026-04-08", "2026-04-09"], "2026-04-09", "2026-04-11")).toEqual(["2026-04-09"]);
  expect(daysOf(["2026-04-08", "2026-04-09", "2026-04-10"], "2026-04-09")).toEqual([]);
  expect(daysOf(["2026-04-10"], "2026-04-08")).toEqual(["2026-04-08"]);
  // Stored days with a rate that is held back or rejected.
  const unsettled = { expected: "2026-04-09", asOfDay: "2026-04-09", unsettled: ["2026-04-07", "2026-05-01"] };
  expect(rateDaysToFetch(["2026-04-07", "2026-04-08"], unsettled)).toEqual(["2026-04-07", "2026-04-09"]);
});

const history = sample("fx/eurofxref-hist-1999-2026-04-13.csv");
it.skipIf(!history)("the ECB published on these days and no others, but for Easter 1999", () => {
  const lines = readFileSync(history!, "utf8").trim().split("\n").slice(1);
  const published = new Set(lines.map((line) => line.slice(0, 10)));
  const different: string[] = [];
  for (let day = "1999-01-04"; day <= "2026-04-13"; day = addDays(day, 1)) {
    if (isTargetDay(day) !== published.has(day)) different.push(day);
  }
  expect(different).toEqual(["1999-04-02", "1999-04-05"]);
});
