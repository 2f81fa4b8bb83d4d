import fc from "fast-check";
import { expect, test } from "vitest";
import { addDays } from "#rules/civil-date.ts";
import { addMonths, halfYearsBegun, monthsTouched } from "#rules/tax-liens/calendar-months.ts";

test.each([
  ["2025-01-15", 1, "2025-02-15"],
  ["2025-01-31", 1, "2025-02-28"],
  ["2024-01-31", 1, "2024-02-29"],
  ["2024-08-31", 6, "2025-02-28"],
  ["2024-02-29", 12, "2025-02-28"],
  ["2024-11-30", 3, "2025-02-28"],
  ["2025-03-31", -1, "2025-02-28"],
  ["2025-01-01", 0, "2025-01-01"],
])("%s and %i months is %s", (date, months, later) => {
  expect(addMonths(date, months)).toBe(later);
});

test.each([
  ["2025-01-01", "2025-01-31", 1],
  ["2025-01-31", "2025-02-01", 2],
  ["2024-12-31", "2025-01-01", 2],
  ["2022-02-08", "2025-02-08", 37],
])("%s to %s touches %i months", (from, until, months) => {
  expect(monthsTouched(from, until)).toBe(months);
});

test("a started half-year counts until the day after its end", () => {
  const day = fc
    .date({ min: new Date("1990-01-01"), max: new Date("2080-12-31"), noInvalidDate: true })
    .map((at) => at.toISOString().slice(0, 10));
  fc.assert(
    fc.property(day, fc.integer({ min: 0, max: 6_000 }), (from, days) => {
      const until = addDays(from, days);
      const begun = halfYearsBegun(from, until);
      expect(addMonths(from, begun * 6) >= until).toBe(true);
      expect(begun === 1 || addMonths(from, (begun - 1) * 6) < until).toBe(true);
    }),
  );
});
