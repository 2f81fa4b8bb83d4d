import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addDays,
  civilDateIn,
  daysBetween,
  isCivilDate,
  isWeekend,
  weekdayOnOrAfter,
  weekdayOnOrBefore,
} from "#rules/civil-date.ts";

const day = fc
  .date({ min: new Date("1900-01-01"), max: new Date("2199-12-31"), noInvalidDate: true })
  .map((at) => at.toISOString().slice(0, 10));

test.each(["2025-05-09", "2024-02-29", "2000-02-29", "1999-12-31"])("%s exists", (text) => {
  expect(isCivilDate(text)).toBe(true);
});

test.each([
  "2025-02-29",
  "1900-02-29",
  "0000-01-01",
  "2025-04-31",
  "2025-13-01",
  "2025-00-10",
  "2025-01-00",
  "25-01-01",
  "2025-1-1",
  "2025-05-09T00:00Z",
  " 2025-05-09",
  "",
])("%j does not", (text) => {
  expect(isCivilDate(text)).toBe(false);
});

test("adding days and counting them are each other's inverse", () => {
  fc.assert(
    fc.property(day, fc.integer({ min: -40_000, max: 40_000 }), (date, days) => {
      expect(daysBetween(date, addDays(date, days))).toBe(days);
      expect(addDays(addDays(date, days), -days)).toBe(date);
    }),
  );
});

test("the weekday beside a date is a weekday, at most two days away, and the date itself when it is one", () => {
  fc.assert(
    fc.property(day, (date) => {
      const [before, after] = [weekdayOnOrBefore(date), weekdayOnOrAfter(date)];
      expect([isWeekend(before), isWeekend(after)]).toEqual([false, false]);
      expect(before <= date && date <= after).toBe(true);
      expect(daysBetween(before, after)).toBe(isWeekend(date) ? 3 : 0);
    }),
  );
});

test("the day in a zone differs from the day in UTC", () => {
  const lateEvening = new Date("2025-05-14T22:30:00Z");
  expect(civilDateIn("Europe/Berlin", lateEvening)).toBe("2025-05-15");
  expect(civilDateIn("UTC", lateEvening)).toBe("2025-05-14");
  expect(civilDateIn("America/New_York", new Date("2025-01-01T04:59:00Z"))).toBe("2024-12-31");
});
