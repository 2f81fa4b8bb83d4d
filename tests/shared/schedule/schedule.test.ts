import { describe, expect, test } from "vitest";
import { schedule } from "#schedule/schedule.ts";
import { ScheduleError } from "#schedule/schedule-error.ts";

describe("a schedule", () => {
  test("keeps its expression and zone as they were written", () => {
    expect(schedule("0 30 16 * * MON-FRI", "Europe/Berlin")).toMatchObject({
      expression: "0 30 16 * * MON-FRI",
      zone: "Europe/Berlin",
    });
  });

  test.each(["UTC", "Etc/UTC", "Etc/GMT+5", "Asia/Kolkata", "US/Pacific"])("takes the zone %s", (zone) => {
    expect(schedule("0 0 0 * * *", zone).zone).toBe(zone);
  });

  test.each([
    ["0 */5 * * * *", true],
    ["* 0 3 * * *", true],
    ["0 0 1-5 * * *", true],
    ["0 0/20 3 * * *", true],
    ["0 0,30 1,2 * * *", false],
    ["0 0 3 */2 1-6 MON-FRI", false],
  ])("%s as an interval: %s", (expression, repeats) => {
    expect(schedule(expression, "UTC").repeats).toBe(repeats);
  });
});

describe("an invalid schedule names what it expected, what it got and what to do:", () => {
  test("every fault at once, each with its setting", () => {
    const faults = faultsOf("0 60 25 * * *", "Europe/Berln", {
      expression: "SYNC_FX_LATEST_SCHEDULE",
      zone: "SYNC_FX_LATEST_TIME_ZONE",
    });
    expect(faults).toEqual([
      'SYNC_FX_LATEST_SCHEDULE: minute field: expected 0 to 59, got "60" (in "0 60 25 * * *")',
      'SYNC_FX_LATEST_SCHEDULE: hour field: expected 0 to 23, got "25" (in "0 60 25 * * *")',
      'SYNC_FX_LATEST_TIME_ZONE: expected an IANA time zone such as "Europe/Berlin" or "UTC", got "Europe/Berln"; did you mean "Europe/Berlin"?',
    ]);
  });

  test("five fields lack the seconds", () => {
    expect(faultsOf("30 16 * * *")).toEqual([
      'schedule: expected six fields "second minute hour day month weekday", got 5 in "30 16 * * *"; ' +
        'the seconds field is missing: did you mean "0 30 16 * * *"?',
    ]);
  });

  test.each([
    ["", "expected six fields"],
    ["@daily", "got 1"],
    ["0 0 0 1 1 * 2030", "got 7"],
    ["0 1,,2 * * * *", 'minute field: expected 0 to 59, got "" in "1,,2"'],
    ["0 1-2-3 * * * *", 'minute field: expected one range, got "1-2-3"'],
    ["0 -5 * * * *", 'minute field: expected 0 to 59, got "-5"'],
    [
      "0 0 22-2 * * *",
      'hour field: expected a range from low to high, got "22-2"; to go round the end write 22-23,0-2',
    ],
    ["0 0 22-4/2 * * *", 'got "22-4/2"; to go round the end write 22,0-4/2'],
    ["0 0 21-5/4 * * *", 'got "21-5/4"; to go round the end write 21,1-5/4'],
    ["0 0 * 30-5/9 * *", 'got "30-5/9"; to go round the end write 30'],
    ["0 */0 * * * *", "minute field: expected a step of 1 to 59"],
    ["0 */90 * * * *", "minute field: expected a step of 1 to 59"],
    ["0 */x * * * *", "minute field: expected a step of 1 to 59"],
    ["0 0 0 31 2,4 *", 'day field: expected a day that comes in month 2,4, got "31", which would never fire'],
    ["0 0 0 30 FEB *", "would never fire"],
    ["0 0 0 * * 7", 'weekday field: expected 0 to 6 or a name such as MON, got "7"; Sunday is 0'],
    ["0 0 0 * * MONN", "did you mean MON?"],
    ["0 0 0 * MA *", "month field: expected 1 to 12 or a name such as FEB"],
    ["0 0 JAN * * *", 'hour field: expected 0 to 23, got "JAN"'],
    ["0 0 0 L * *", "NCRONTAB knows no L, W or #"],
    ["0 0 0 15W * *", "NCRONTAB knows no L, W or #"],
    ["0 0 0 * * 5#2", "NCRONTAB knows no L, W or #"],
    ["0 0 0 ? * *", 'got "?"; write *'],
  ])("%j: %s", (expression, words) => {
    expect(faultsOf(expression).join("\n")).toContain(words);
  });

  test.each([
    ["Berlin", '"Europe/Berlin"'],
    ["new york", '"America/New_York"'],
    ["Amerika/Chicago", '"America/Chicago"'],
    ["utcc", '"UTC"'],
  ])("the zone %j: did you mean %s?", (zone, guess) => {
    expect(faultsOf("0 0 0 * * *", zone).join()).toContain(`did you mean ${guess}?`);
  });

  test.each(["+02:00", "", "W. Europe Standard Time", "Mars/Olympus_Mons"])("the zone %j resembles none", (zone) => {
    expect(faultsOf("0 0 0 * * *", zone)).toEqual([
      `time zone: expected an IANA time zone such as "Europe/Berlin" or "UTC", got "${zone}"`,
    ]);
  });
});

function faultsOf(expression: string, zone = "UTC", settings = {}): readonly string[] {
  try {
    schedule(expression, zone, settings);
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    expect(error.message).toBe(error.faults.join("\n"));
    return error.faults;
  }
  return expect.unreachable(`${expression} in ${zone} was taken`);
}
