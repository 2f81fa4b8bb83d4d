import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isOccurrence,
  nextOccurrence,
  occurrenceAtOrAfter,
  occurrenceAtOrBefore,
  occurrencesBetween,
  previousOccurrence,
  upcoming,
} from "#schedule/occurrences.ts";
import { schedule } from "#schedule/schedule.ts";
import { anyExpression } from "./any-expression.ts";
import { matcher } from "./model.ts";

const zones = ["UTC", ...Intl.supportedValuesOf("timeZone")];

describe("when the clocks go forward, a skipped time is due once, right after the gap", () => {
  test.each([
    ["a fixed time", "0 30 2 * * *", "Europe/Berlin", "2025-03-30T00:00Z", "01:00"],
    ["two fixed times", "0 15,45 2 * * *", "America/New_York", "2025-03-09T05:00Z", "07:00"],
    [
      "a time of every hour, besides its own",
      "0 30 * * * *",
      "America/New_York",
      "2025-03-09T06:00Z",
      "06:30 07:00 07:30",
    ],
    ["every second hour", "0 30 0-23/2 * * *", "America/New_York", "2025-03-09T05:00Z", "05:30 07:00 08:30"],
    ["an interval that comes then anyway", "0 */30 * * * *", "Europe/Berlin", "2025-03-30T00:30Z", "00:30 01:00 01:30"],
    ["half an hour on Lord Howe", "0 10 2 * * *", "Australia/Lord_Howe", "2025-10-04T15:00Z", "15:30"],
    ["two hours at Troll station", "0 0 2 * * *", "Antarctica/Troll", "2025-03-30T00:00Z", "01:00"],
    ["the hour before midnight's end in Beirut", "0 15 0 * * *", "Asia/Beirut", "2025-03-29T21:00Z", "22:00"],
    ["in the Chatham Islands, at 2:45", "0 50 2 * * *", "Pacific/Chatham", "2025-09-27T13:00Z", "14:00"],
  ])("%s", (_, expression, zone, from, due) => {
    const start = new Date(from);
    const end = new Date(start.getTime() + 3.6e6 * 4);
    const found = [...occurrencesBetween(schedule(expression, zone), start, end)].map((date) =>
      date.toISOString().slice(11, 16),
    );
    expect(found.slice(0, due.split(" ").length)).toEqual(due.split(" "));
  });

  test("a whole day: Samoa had no 30 December 2011", () => {
    const noon = schedule("0 0 12 * * *", "Pacific/Apia");
    expect(iso(upcoming(noon, new Date("2011-12-29T00:00Z"), 3))).toEqual([
      "2011-12-29T22:00:00.000Z", // 29 December, 12:00
      "2011-12-30T10:00:00.000Z", // 31 December, 00:00, for the 30th
      "2011-12-30T22:00:00.000Z", // 31 December, 12:00
    ]);
  });
});

describe("when the clocks go back", () => {
  const night = [new Date("2025-10-25T23:00Z"), new Date("2025-10-26T03:00Z")] as const;
  test.each([
    ["a fixed time is due the first time", "0 30 2 * * *", ["00:30"]],
    ["so are several", "0 0,30 2,3 * * *", ["00:00", "00:30", "02:00", "02:30"]],
    ["a time of each hour is due both times", "0 30 * * * *", ["23:30", "00:30", "01:30", "02:30"]],
    ["so is a step", "0 0/40 2 * * *", ["00:00", "00:40", "01:00", "01:40"]],
    ["so is a range of hours", "0 0 2-3 * * *", ["00:00", "01:00", "02:00"]],
    [
      "so is a range of seconds, though hour and minute are fixed",
      "0-1 0 2 * * *",
      ["00:00", "00:00", "01:00", "01:00"],
    ],
  ])("%s", (_, expression, due) => {
    const found = [...occurrencesBetween(schedule(expression, "Europe/Berlin"), ...night)];
    expect(found.map((date) => date.toISOString().slice(11, 16))).toEqual(due);
  });
});

describe("the ends", () => {
  const hourly = schedule("0 0 * * * *", "Asia/Kathmandu");
  const on = new Date("2025-06-01T10:15Z");
  const [before, after] = [new Date("2025-06-01T09:15Z"), new Date("2025-06-01T11:15Z")];

  test("next and previous leave out the instant itself, to the millisecond", () => {
    expect(nextOccurrence(hourly, on)).toEqual(after);
    expect(previousOccurrence(hourly, on)).toEqual(before);
    expect(nextOccurrence(hourly, new Date(on.getTime() - 1))).toEqual(on);
    expect(previousOccurrence(hourly, new Date(on.getTime() + 1))).toEqual(on);
  });

  test("at-or-after and at-or-before include the instant", () => {
    expect(occurrenceAtOrAfter(hourly, on)).toEqual(on);
    expect(occurrenceAtOrBefore(hourly, on)).toEqual(on);
    expect(occurrenceAtOrAfter(hourly, new Date(on.getTime() + 1))).toEqual(after);
    expect(occurrenceAtOrBefore(hourly, new Date(on.getTime() - 1))).toEqual(before);
    expect(isOccurrence(hourly, on)).toBe(true);
    expect(isOccurrence(hourly, new Date(on.getTime() + 1))).toBe(false);
  });

  test("a range includes its start and not its end, can be iterated twice, and is computed only as far as read", () => {
    expect([...occurrencesBetween(hourly, on, after)]).toEqual([on]);
    expect([...occurrencesBetween(hourly, on, on)]).toEqual([]);
    const forever = occurrencesBetween(hourly, on, new Date("9999-01-01T00:00Z"));
    for (const walk of [1, 2]) {
      const [first] = forever;
      expect(first, `walk ${walk}`).toEqual(on);
    }
  });

  test("there is nothing before 1970 nor after 9999, and an invalid date is refused", () => {
    expect(previousOccurrence(hourly, new Date(0))).toBeNull();
    expect(nextOccurrence(hourly, new Date(8.64e15))).toBeNull();
    expect(upcoming(schedule("0 0 0 1 1 *", "UTC"), new Date("9998-06-01"), 3)).toEqual([new Date("9999-01-01")]);
    expect(() => nextOccurrence(hourly, new Date(NaN))).toThrow("expected an instant");
  });
});

describe("a schedule of rare days", () => {
  test("finds a 29 February that is a Monday forty years on, when a century has no leap day", () => {
    const rare = schedule("0 30 2 29 FEB MON", "Europe/Berlin");
    expect(nextOccurrence(rare, new Date("2072-03-01"))).toEqual(new Date("2112-02-29T01:30Z"));
    expect(previousOccurrence(rare, new Date("2112-02-29"))).toEqual(new Date("2072-02-29T01:30Z"));
  });

  test("is due when day and weekday both match", () => {
    const fridays = [
      ...occurrencesBetween(schedule("0 0 0 13 * FRI", "UTC"), new Date("2026-01-01"), new Date("2027-01-01")),
    ];
    expect(iso(fridays).map((text) => text.slice(0, 10))).toEqual(["2026-02-13", "2026-03-13", "2026-11-13"]);
  });

  test("has the days that a scan of every day finds", () => {
    fc.assert(
      fc.property(anyExpression(), fc.integer({ min: 1971, max: 2095 }), (expression, year) => {
        const [, , , ...days] = expression.split(" ");
        const matches = matcher(`0 0 0 ${days.join(" ")}`);
        const [from, to] = [Date.UTC(year, 0, 1), Date.UTC(year + 4, 0, 1)];
        const scanned: number[] = [];
        for (let day = from; day < to; day += 86_400_000) if (matches(day / 1000)) scanned.push(day);
        const found = occurrencesBetween(schedule(`0 0 0 ${days.join(" ")}`, "UTC"), new Date(from), new Date(to));
        expect(Array.from(found, (date) => date.getTime())).toEqual(scanned);
      }),
      { numRuns: 60 },
    );
  });
});

describe("any schedule in any zone, at any instant", () => {
  const anyZone = fc.constantFrom(...zones);
  const anytime = fc.date({ min: new Date("2000-01-01"), max: new Date("2040-12-31"), noInvalidDate: true });

  test("next and previous are inverse, with no occurrence in between", () => {
    fc.assert(
      fc.property(anyExpression(), anyZone, anytime, (expression, zone, instant) => {
        const zoned = schedule(expression, zone);
        const next = nextOccurrence(zoned, instant);
        const last = occurrenceAtOrBefore(zoned, instant);
        expect(next && previousOccurrence(zoned, next)).toEqual(last);
        expect(last && nextOccurrence(zoned, last)).toEqual(next);
        expect(next && next > instant && isOccurrence(zoned, next)).toBe(true);
        expect(last && last <= instant && isOccurrence(zoned, last)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("a later instant has no earlier next, and iterating back visits the same occurrences", () => {
    fc.assert(
      fc.property(anyExpression(), anyZone, anytime, fc.nat(400 * 86_400_000), (expression, zone, instant, wait) => {
        const zoned = schedule(expression, zone);
        const later = new Date(instant.getTime() + wait);
        expect(Number(nextOccurrence(zoned, later))).toBeGreaterThanOrEqual(Number(nextOccurrence(zoned, instant)));

        const forth = upcoming(zoned, instant, 20);
        const back: Date[] = [];
        for (let at = forth.at(-1); at && at > instant; at = previousOccurrence(zoned, at) ?? undefined)
          back.unshift(at);
        expect(back).toEqual(forth);
      }),
      { numRuns: 400 },
    );
  });
});

function iso(dates: readonly Date[]): string[] {
  return dates.map((date) => date.toISOString());
}
