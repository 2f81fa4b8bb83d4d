import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { occurrencesBetween, upcoming } from "#schedule/occurrences.ts";
import { schedule } from "#schedule/schedule.ts";
import { utcSuperset } from "#schedule/utc-superset.ts";
import { anyExpression } from "./any-expression.ts";
import { matcher } from "./model.ts";

const zones = Intl.supportedValuesOf("timeZone");
const anyZone = fc.constantFrom(...zones);

describe("the UTC expression of a schedule", () => {
  test.each([
    ["0 30 16 * * *", "Europe/Berlin", "0 30 14,15 * * *", "has both hours of summer and winter"],
    ["0 */5 * * * *", "America/New_York", "0 */5 * * * *", "stays an interval"],
    ["*/30 * * * * *", "Europe/Berlin", "*/30 * * * * *", "stays an interval of seconds"],
    ["0 */15 * * * *", "Asia/Kathmandu", "0 */15 * * * *", "stays where a quarter of an hour does no harm"],
    ["0 0 * * * *", "Australia/Lord_Howe", "0 */30 * * * *", "has both minutes of a half-hour summer time"],
    ["0 0 9 * * *", "Asia/Kolkata", "0 30 3 * * *", "moves the minutes"],
    ["0 30 0 * * 1", "Europe/Berlin", "0 30 22,23 * * 0", "moves Monday to Sunday"],
    ["0 0 9 * * 1", "Pacific/Kiritimati", "0 0 19 * * 0", "moves a day back at +14"],
    ["0 0 22 * * 6", "America/Los_Angeles", "0 0 5,6 * * 0", "moves Saturday to Sunday"],
    ["0 0 23 28 2 *", "America/New_York", "0 0 3,4 1,29 2,3 *", "moves the end of February both ways"],
    ["0 0 0 1 1 *", "Europe/Berlin", "0 0 22,23 31 12 *", "moves New Year to the old year"],
    ["0 0 0,23 * * 1", "Asia/Tokyo", "0 0 14,15 * * 0,1", "keeps each day that some hour needs"],
    ["0 30 2 * * *", "Europe/Berlin", "0 */30 0,1 * * *", "has the instant after the gap"],
    ["0 30 2 * * 1", "Europe/Berlin", "0 30 0,1 * * 1", "has not, where the clocks never change on such a day"],
    ["0 0 8 * * *", "America/Caracas", "0 */30 12 * * *", "has the offsets of the past, -4:30 from 2007 to 2016"],
    ["0 30 2 29 FEB *", "UTC", "0 30 2 29 2 *", "is itself in UTC"],
  ])("%s in %s is %s: it %s", (expression, zone, utc) => {
    expect(utcSuperset(schedule(expression, zone))).toBe(utc);
  });

  test("covers every occurrence", () => {
    fc.assert(
      fc.property(anyExpression(), anyZone, fc.integer({ min: 2000, max: 2040 }), (expression, zone, year) => {
        const zoned = schedule(expression, zone);
        const covers = matcher(utcSuperset(zoned));
        const month = 1 + (year % 12);
        for (const date of upcoming(zoned, new Date(Date.UTC(year, month)), 200)) {
          if (!covers(date.getTime() / 1000)) throw new Error(`${date.toISOString()} is not in ${utcSuperset(zoned)}`);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("has no value in a field of the clock that no occurrence needs", () => {
    // Two rare minutes a day in two seasons: an hour or minute that no day of forty years uses would be a wasted tick.
    fc.assert(
      fc.property(fc.nat(23), fc.nat(59), anyZone, (hour, minute, zone) => {
        const zoned = schedule(`0 ${minute} ${hour} * * *`, zone);
        const used = { minutes: new Set<number>(), hours: new Set<number>() };
        for (const date of occurrencesBetween(zoned, new Date("1999-12-31"), new Date("2041-01-02"))) {
          used.minutes.add(date.getUTCMinutes());
          used.hours.add(date.getUTCHours());
        }
        const [, minutes = "", hours = ""] = utcSuperset(zoned).split(" ");
        expect(allowed(`* ${minutes} * * * *`, 60, 60)).toEqual(used.minutes);
        expect(allowed(`* * ${hours} * * *`, 24, 3600)).toEqual(used.hours);
      }),
      { numRuns: 60 },
    );
  });
});

function allowed(expression: string, size: number, unit: number): Set<number> {
  const matches = matcher(expression);
  return new Set(Array.from({ length: size }, (_, value) => value).filter((value) => matches(value * unit)));
}
