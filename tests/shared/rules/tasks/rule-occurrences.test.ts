import fc from "fast-check";
import rrule from "rrule";
import { describe, expect, it } from "vitest";
import { readRule } from "#rules/tasks/recurrence-rule.ts";
import { occurrencesFrom } from "#rules/tasks/rule-occurrences.ts";

const seconds = (wall: string) => Date.parse(`${wall}Z`) / 1_000;
const text = (wall: number) => new Date(wall * 1_000).toISOString().slice(0, 16).replace("T", " ");
const first = (rule: string, start: string, count: number) => taken(rule, seconds(start), count).map(text);

function taken(rule: string, start: number, count: number): number[] {
  const found: number[] = [];
  for (const wall of occurrencesFrom(readRule(rule), start)) {
    found.push(wall);
    if (found.length === count) break;
  }
  return found;
}

describe("rules of RFC 5545", () => {
  it.each<[rule: string, start: string, expected: string[]]>([
    ["FREQ=DAILY;BYHOUR=9,17", "2026-01-05T12:30:00", ["2026-01-05 17:30", "2026-01-06 09:30", "2026-01-06 17:30"]],
    [
      "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO",
      "1997-08-05T09:00:00",
      ["1997-08-05 09:00", "1997-08-10 09:00", "1997-08-19 09:00"],
    ],
    [
      "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
      "1997-08-05T09:00:00",
      ["1997-08-05 09:00", "1997-08-17 09:00", "1997-08-19 09:00"],
    ],
    ["FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31T09:00:00", ["2026-01-31 09:00", "2026-03-31 09:00", "2026-05-31 09:00"]],
    ["FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31T09:00:00", ["2026-01-31 09:00", "2026-02-28 09:00", "2026-03-31 09:00"]],
    [
      "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
      "1997-09-02T09:00:00",
      ["1998-02-13 09:00", "1998-03-13 09:00", "1998-11-13 09:00"],
    ],
    [
      "FREQ=MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3",
      "1997-09-04T09:00:00",
      ["1997-09-04 09:00", "1997-10-07 09:00", "1997-11-06 09:00"],
    ],
    ["FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "1997-09-29T09:00:00", ["1997-09-29 09:00", "1997-10-30 09:00"]],
    ["FREQ=MONTHLY;BYDAY=MO,2TU", "2026-06-01T09:00:00", ["2026-06-01 09:00", "2026-06-08 09:00", "2026-06-09 09:00"]],
    ["FREQ=YEARLY;BYDAY=20MO", "1997-05-19T09:00:00", ["1997-05-19 09:00", "1998-05-18 09:00", "1999-05-17 09:00"]],
    [
      "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
      "1997-05-12T09:00:00",
      ["1997-05-12 09:00", "1998-05-11 09:00", "1999-05-17 09:00"],
    ],
    [
      "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
      "1996-11-05T09:00:00",
      ["1996-11-05 09:00", "2000-11-07 09:00", "2004-11-02 09:00"],
    ],
    [
      "FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200",
      "1997-01-01T09:00:00",
      ["1997-01-01 09:00", "1997-04-10 09:00", "1997-07-19 09:00", "2000-01-01 09:00"],
    ],
    ["FREQ=YEARLY;BYYEARDAY=366", "2026-01-01T09:00:00", ["2028-12-31 09:00", "2032-12-31 09:00"]],
    ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2026-01-01T09:00:00", ["2044-02-29 09:00", "2072-02-29 09:00"]],
  ])("%s", (rule, start, expected) => {
    expect(first(rule, start, expected.length)).toEqual(expected);
  });
});

const some = (...values: (string | number)[]) =>
  fc.option(
    fc.subarray(values, { minLength: 1, maxLength: 3 }).map((chosen) => chosen.join(",")),
    { freq: 2 },
  );
const weekdays = some("MO", "TU", "WE", "TH", "FR", "SA", "SU");
const parts = {
  INTERVAL: fc.option(fc.constantFrom("1", "2", "3", "7")),
  WKST: fc.option(fc.constantFrom("MO", "SU", "TH")),
  BYMONTH: some(1, 2, 3, 6, 12),
  BYHOUR: some(0, 9, 17, 23),
  BYMINUTE: some(0, 30, 59),
};
const days = {
  DAILY: { BYMONTHDAY: some(1, 15, 28, 31, -1), BYDAY: weekdays },
  WEEKLY: { BYDAY: weekdays },
  MONTHLY: { BYMONTHDAY: some(1, 15, 29, 31, -1, -31), BYDAY: fc.oneof(weekdays, some("1MO", "-1FR", "5WE", "-5TU")) },
  YEARLY: {
    BYMONTHDAY: some(1, 29, 31, -1),
    BYDAY: fc.oneof(weekdays, some("1MO", "-1FR", "5WE")),
    BYYEARDAY: some(1, 60, 366, -1, -366),
  },
} satisfies Record<string, Record<string, fc.Arbitrary<string | null>>>;
const positions = fc.option(fc.constantFrom("1", "-1", "1,3"), { freq: 4 });

const rules = fc.constantFrom(...(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"] as const)).chain((frequency) =>
  fc.record({ ...parts, ...days[frequency], BYSETPOS: positions }).map((given) => {
    const { BYSETPOS, ...others } = given;
    const written = Object.entries(others).flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
    const hasParts = written.some((part) => part.startsWith("BY"));
    // The library counts positions of a first week from the start, RFC 5545 from the week's own beginning.
    if (BYSETPOS !== null && hasParts && frequency !== "WEEKLY") written.push(`BYSETPOS=${BYSETPOS}`);
    return [`FREQ=${frequency}`, ...written].join(";");
  }),
);

describe("compared with the library rrule", () => {
  const starts = fc
    .date({ min: new Date("1999-12-01"), max: new Date("2030-01-01"), noInvalidDate: true })
    .map((at) => new Date(Math.floor(at.getTime() / 60_000) * 60_000));

  it("any rule has the same occurrences, within the range that the library can search", () => {
    fc.assert(
      fc.property(rules, starts, (rule, start) => {
        const end = new Date(start.getTime() + 9 * 366 * 86_400_000);
        // The library only stops at what it finds: bounded, it is asked for what has an end.
        const library = new rrule.RRule({ ...rrule.RRule.parseString(rule), dtstart: start, until: end });
        const ours = taken(rule, start.getTime() / 1_000, 40).map(text);
        fc.pre(ours.length > 0 && ours.at(-1)! <= text(end.getTime() / 1_000));
        const theirs = library.all((_, i) => i < ours.length).map((at) => text(at.getTime() / 1_000));
        expect(ours, rule).toEqual(theirs);
      }),
      { numRuns: 300 },
    );
  });

  it("starting later gives the same occurrences as starting at the beginning", () => {
    fc.assert(
      fc.property(rules, starts, fc.integer({ min: 0, max: 3_000 }), (text, start, later) => {
        const rule = readRule(text);
        const from = start.getTime() / 1_000 + later * 86_400;
        const since = (all: Generator<number>) => {
          for (const wall of all) if (wall >= from) return wall;
          return undefined;
        };
        expect(since(occurrencesFrom(rule, start.getTime() / 1_000, from))).toBe(
          since(occurrencesFrom(rule, start.getTime() / 1_000)),
        );
      }),
    );
  });
});

describe("a rule without occurrences", () => {
  it.each([
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
    "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
    "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2",
    "FREQ=YEARLY;BYWEEKNO=1;BYMONTH=7",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-31",
    "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=12",
  ])("%s ends after a cycle of the calendar", (rule) => {
    expect(first(rule, "2026-01-05T09:00:00", 1)).toEqual([]);
  });

  it("there is no occurrence after the year 9999", () => {
    expect(first("FREQ=YEARLY", "9998-06-01T09:00:00", 5)).toEqual(["9998-06-01 09:00", "9999-06-01 09:00"]);
  });
});
