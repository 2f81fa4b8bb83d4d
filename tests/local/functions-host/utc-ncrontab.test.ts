import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSubMinute, nextOccurrence, parseNcrontab } from "#local/functions-host/utc-ncrontab.ts";

const next = (expression: string, after: string) =>
  nextOccurrence(parseNcrontab(expression), new Date(after)).toISOString();

describe("An NCRONTAB schedule", () => {
  it.each([
    ["0 */5 * * * *", "2026-03-01T12:02:30Z", "2026-03-01T12:05:00.000Z"],
    ["0 */5 * * * *", "2026-03-01T12:05:00Z", "2026-03-01T12:10:00.000Z"],
    ["0 */5 * * * *", "2026-03-01T12:04:59.999Z", "2026-03-01T12:05:00.000Z"],
    ["* * * * * *", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00.000Z"],
    ["30 15 6 * * MON-FRI", "2026-03-06T06:15:30Z", "2026-03-09T06:15:30.000Z"],
    ["0 0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00.000Z"],
    ["0 0 0 29 Feb Sunday", "2096-03-01T00:00:00Z", "2128-02-29T00:00:00.000Z"],
    ["0 0 9 1,15 * *", "2026-03-15T09:00:00Z", "2026-04-01T09:00:00.000Z"],
    ["0 50/3 23 31 * *", "2026-03-01T00:00:00Z", "2026-03-31T23:50:00.000Z"],
    ["0 0 22-20 * * *", "2026-03-01T20:00:00Z", "2026-03-01T21:00:00.000Z"],
  ])("%s comes after %s at %s", (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected);
  });

  it("requires both day of month and day of week, unlike Unix cron", () => {
    expect(next("0 0 0 13 * 5", "2026-04-01T00:00:00Z")).toBe("2026-11-13T00:00:00.000Z");
  });

  it.each([
    ["*/5 * * * *", "expected 6 fields, got 5"],
    ["", "expected 6 fields, got 0"],
    ["0 0 0 L * *", 'the day field has "L"'],
    ["0 0 0 * * 7", "the day-of-week field takes 0 to 6, got 7"],
    ["0 0 24 * * *", "the hour field takes 0 to 23, got 24"],
    ["0 */0 * * * *", "malformed step"],
    ["0 1-2-3 * * * *", "malformed range"],
    ["0 0 0 ? * *", 'the day field has "?"'],
    ["0 1,,2 * * * *", 'the minute field has ""'],
    ["0 0 0 30 2 *", "this date never occurs"],
    ["00:05:00", "expected 6 fields, got 1"],
  ])("is rejected as %s", (expression, problem) => {
    expect(() => parseNcrontab(expression)).toThrow(problem);
  });

  it("counts as sub-minute when it has several seconds", () => {
    expect(["* * * * * *", "0,30 * * * * *", "*/10 0 0 * * *"].map((e) => isSubMinute(parseNcrontab(e)))).toEqual([
      true,
      true,
      true,
    ]);
    expect(isSubMinute(parseNcrontab("59 * * * * *"))).toBe(false);
  });

  it("occurs next at the first second that matches every field", () => {
    const field = (min: number, max: number) =>
      fc.oneof(
        fc.constant("*"),
        fc.integer({ min, max }).map(String),
        fc.integer({ min: 2, max: 9 }).map((step) => `*/${step}`),
      );
    const expression = fc.tuple(field(0, 59), field(0, 59), field(0, 23)).map((time) => `${time.join(" ")} * * *`);
    const instant = fc.date({ min: new Date("2024-01-01"), max: new Date("2030-01-01"), noInvalidDate: true });
    fc.assert(
      fc.property(expression, instant, (text, after) => {
        const [seconds = "", minutes = "", hours = ""] = text.split(" ");
        const allows = (pattern: string, value: number) =>
          pattern === "*" ||
          (pattern.startsWith("*/") ? value % Number(pattern.slice(2)) === 0 : value === Number(pattern));
        let second = Math.floor(after.getTime() / 1000) + 1;
        for (; ; second += 1) {
          const date = new Date(second * 1000);
          if (!allows(hours, date.getUTCHours())) second += 3599 - (second % 3600);
          else if (!allows(minutes, date.getUTCMinutes())) second += 59 - (second % 60);
          else if (allows(seconds, date.getUTCSeconds())) break;
        }
        expect(nextOccurrence(parseNcrontab(text), after)).toEqual(new Date(second * 1000));
      }),
    );
  });
});
