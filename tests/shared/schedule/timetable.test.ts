import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clockChanges } from "#schedule/clock-changes.ts";
import { countOccurrences, occurrencesBetween, schedule } from "#schedule/index.ts";
import { timetable } from "#schedule/timetable.ts";
import { anyExpression } from "./any-expression.ts";

const at = (text: string) => new Date(text);

describe("counting occurrences", () => {
  it("agrees with iterating them, in any zone, over any change of the clocks", () => {
    const zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"];
    const start = at("2025-01-01T00:00:00Z").getTime() / 1000;
    fc.assert(
      fc.property(
        anyExpression(),
        fc.constantFrom(...zones),
        fc.integer({ min: start, max: start + 700 * 86_400 }),
        fc.integer({ min: 0, max: 40 * 3_600 }),
        (expression, zone, from, length) => {
          const one = schedule(expression, zone);
          const [first, end] = [new Date(from * 1000), new Date((from + length) * 1000)];
          expect(countOccurrences(one, first, end)).toBe([...occurrencesBetween(one, first, end)].length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("agrees on the days of a change, where a skipped time runs after the gap and a repeated one does not run twice", () => {
    for (const expression of ["0 30 2 * * *", "0 */20 2 * * *", "0 0 3 * * *", "0 0,30 2,3 * * *", "*/7 * * * * *"]) {
      for (const day of ["2026-03-29", "2026-10-25"]) {
        const one = schedule(expression, "Europe/Berlin");
        const [first, end] = [at(`${day}T00:00:00Z`), at(`${day}T06:00:00Z`)];
        expect(countOccurrences(one, first, end), `${expression} on ${day}`).toBe(
          [...occurrencesBetween(one, first, end)].length,
        );
      }
    }
  });
});

describe("clock changes", () => {
  it("are found with their offsets", () => {
    expect(clockChanges("Europe/Berlin", at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"))).toEqual([
      { zone: "Europe/Berlin", at: at("2026-03-29T01:00:00Z"), from: "+01:00", to: "+02:00" },
      { zone: "Europe/Berlin", at: at("2026-10-25T01:00:00Z"), from: "+02:00", to: "+01:00" },
    ]);
    expect(clockChanges("UTC", at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"))).toEqual([]);
  });
});

describe("a timetable", () => {
  const daily = { id: "daily", schedule: schedule("0 30 2 * * *", "Europe/Berlin") };
  const alike = { id: "alike", schedule: schedule("0 30 1 * * *", "UTC") };
  const dense = { id: "dense", schedule: schedule("* * * * * *", "UTC") };

  it("lists the slots of rare jobs and counts those of dense ones, day by day of its zone", () => {
    const table = timetable([daily, dense], { from: at("2026-03-28T12:00:00Z"), days: 3, zone: "Europe/Berlin" });
    expect(table.jobs[0]!.slots).toEqual([at("2026-03-29T01:00:00Z"), at("2026-03-30T00:30:00Z")]);
    expect(table.jobs[1]).toMatchObject({ slots: null, total: (11 + 23 + 24) * 3_600 });
    expect(table.days.map(({ date, counts }) => [date, counts])).toEqual([
      ["2026-03-28", { dense: 11 * 3_600 }],
      ["2026-03-29", { daily: 1, dense: 23 * 3_600 }],
      ["2026-03-30", { daily: 1, dense: 24 * 3_600 }],
    ]);
    expect(table.days.map(({ clockChanges: changes }) => changes.length)).toEqual([0, 1, 0]);
  });

  it("names the jobs that start together, how often and when first", () => {
    const { collisions } = timetable([daily, alike], { from: at("2026-03-20T00:00:00Z"), days: 20, zone: "UTC" });
    // Berlin is at +01:00 until the 29th, when 02:30 is skipped and made up for at 01:00 UTC.
    expect(collisions).toEqual([{ jobs: ["daily", "alike"], times: 9, first: at("2026-03-20T01:30:00Z") }]);
  });

  it("covers a year of every second without iterating it", () => {
    const { jobs, days } = timetable([dense], { from: at("2026-01-01T00:00:00Z"), days: 366, zone: "UTC" });
    expect(jobs[0]!.total).toBe(366 * 86_400);
    expect(days).toHaveLength(366);
  });
});
