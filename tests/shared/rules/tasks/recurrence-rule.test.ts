import { describe, expect, it } from "vitest";
import { readRule } from "#rules/tasks/recurrence-rule.ts";

it("a rule is parsed in any case and order, with or without the prefix RRULE", () => {
  const rule = readRule("rrule:interval=2;byday=-1fr,mo;freq=monthly;byhour=17,9,9;wkst=su;count=5;");
  expect(rule).toMatchObject({
    frequency: "MONTHLY",
    interval: 2,
    count: 5,
    until: null,
    weekStart: 0,
    hours: [9, 17],
    weekdays: [
      { weekday: 5, nth: -1 },
      { weekday: 1, nth: null },
    ],
  });
});

it("the folded lines of a calendar file are one rule", () => {
  const unfolded = readRule("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1");
  expect(readRule("RRULE:FREQ=MON\r\n THLY;BYDAY=MO,\r\n\tTU;BYSETPOS\n =-1\r\n")).toEqual(unfolded);
  expect(readRule("RRU\r\n LE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1")).toEqual(unfolded);
  expect(() => readRule("FREQ=MONTHLY;\nBYDAY=MO"), "a line that does not continue").toThrow("expected parts");
});

it.each<[string, object]>([
  ["20261231T235959Z", { instant: Date.parse("2026-12-31T23:59:59Z") / 1_000 }],
  ["20261231T090000", { wall: Date.parse("2026-12-31T09:00:00Z") / 1_000 }],
  ["20261231", { wall: Date.parse("2026-12-31T23:59:59Z") / 1_000 }],
])("UNTIL=%s", (until, expected) => {
  expect(readRule(`FREQ=DAILY;UNTIL=${until}`).until).toEqual(expected);
});

describe("an invalid rule is refused with what was expected", () => {
  it.each([
    ["", "expected parts such as FREQ=WEEKLY"],
    ["FREQ", "expected parts such as FREQ=WEEKLY"],
    ["DTSTART:20260101T090000Z\nRRULE:FREQ=DAILY", "expected parts such as FREQ=WEEKLY"],
    ["INTERVAL=2", 'FREQ: expected DAILY, WEEKLY, MONTHLY, YEARLY, got "nothing"'],
    ["FREQ=FORTNIGHTLY", 'FREQ: expected DAILY, WEEKLY, MONTHLY, YEARLY, got "FORTNIGHTLY"'],
    ["FREQ=SECONDLY", "several times a day are written as FREQ=DAILY;BYHOUR=9,17"],
    ["FREQ=DAILY;FREQ=WEEKLY", "expected FREQ once, got it twice"],
    ["FREQ=DAILY;BYEASTER=1", 'got "BYEASTER"'],
    ["FREQ=DAILY;INTERVAL=0", 'INTERVAL: expected a whole number from 1 to 10000, got "0"'],
    ["FREQ=DAILY;INTERVAL=1e9", 'got "1E9"'],
    ["FREQ=DAILY;COUNT=-1", 'COUNT: expected a whole number from 1 to 10000, got "-1"'],
    ["FREQ=DAILY;COUNT=3;UNTIL=20261231", "expected COUNT or UNTIL, got both"],
    ["FREQ=DAILY;UNTIL=20260230", "UNTIL: expected 20261231 or 20261231T235959Z"],
    ["FREQ=DAILY;UNTIL=tomorrow", "UNTIL: expected"],
    ["FREQ=DAILY;BYHOUR=24", 'BYHOUR: expected a whole number from 0 to 23, got "24"'],
    ["FREQ=DAILY;BYHOUR=-1", "BYHOUR"],
    ["FREQ=MONTHLY;BYMONTHDAY=0", "or as many from the end with a minus"],
    ["FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"],
    ["FREQ=MONTHLY;BYDAY=XX", 'BYDAY: expected SU, MO, TU, WE, TH, FR, SA, got "XX"'],
    ["FREQ=MONTHLY;BYDAY=0MO", "BYDAY: expected a number from 1 to 53"],
    ["FREQ=WEEKLY;BYDAY=2MO", "BYDAY: expected no numbers with FREQ=WEEKLY"],
    ["FREQ=YEARLY;BYWEEKNO=3;BYDAY=2MO", "BYDAY: expected no numbers beside BYWEEKNO"],
    ["FREQ=MONTHLY;BYWEEKNO=3", "BYWEEKNO goes with FREQ=YEARLY, not with MONTHLY"],
    ["FREQ=DAILY;BYYEARDAY=3", "BYYEARDAY goes with FREQ=YEARLY, not with DAILY"],
    ["FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY goes with FREQ=DAILY or MONTHLY or YEARLY, not with WEEKLY"],
    ["FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS: expected another BY part"],
    [`FREQ=DAILY;BYHOUR=${"1,".repeat(600)}1`, "expected at most 1000 characters"],
  ])("%s", (text, reason) => {
    expect(() => readRule(text)).toThrow(`recurrence_rule: `);
    expect(() => readRule(text)).toThrow(reason);
  });
});
