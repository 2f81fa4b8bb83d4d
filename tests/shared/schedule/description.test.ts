import { describe, expect, test } from "vitest";
import { describeSchedule } from "#schedule/description.ts";
import { schedule } from "#schedule/schedule.ts";

describe("in words", () => {
  test.each([
    ["* * * * * *", "every second"],
    ["*/30 * * * * *", "every 30 seconds"],
    ["0 * * * * *", "every minute"],
    ["0 */5 * * * *", "every 5 minutes"],
    ["15 */5 * * * *", "every 5 minutes at second 15"],
    ["0 0 * * * *", "every hour"],
    ["0 15 * * * *", "every hour at minute 15"],
    ["30 0 * * * *", "every hour at minute 0 and second 30"],
    ["0 */40 * * * *", "every hour at minutes 0 and 40"],
    ["*/10 0-4 * * * *", "every 10 seconds in minutes 0 to 4"],
    ["*/10 */5 * * * *", "every 10 seconds in every 5th minute"],
    ["0 0 */2 * * *", "every 2 hours, Europe/Berlin"],
    ["0 */15 */3 * * *", "every 15 minutes in every 3rd hour, Europe/Berlin"],
    ["0 30 16 * * *", "every day at 16:30 Europe/Berlin"],
    ["5 30 16 * * *", "every day at 16:30:05 Europe/Berlin"],
    ["0 0 */6 * * *", "every day at 00:00, 06:00, 12:00 and 18:00 Europe/Berlin"],
    ["0 0 9 * * MON-FRI", "every Monday to Friday at 09:00 Europe/Berlin"],
    ["0 0 9,12 * * 1,3", "every Monday and Wednesday at 09:00 and 12:00 Europe/Berlin"],
    ["0 */10 9-17 * * 1-5", "every 10 minutes from 09:00 to 17:50, every Monday to Friday, Europe/Berlin"],
    ["0 */10 0-5,22-23 * * *", "every 10 minutes from 00:00 to 05:50 and 22:00 to 23:50, Europe/Berlin"],
    ["0 0 8-18 * * *", "every hour from 08:00 to 18:00, Europe/Berlin"],
    ["0 */5 * * * 0", "every 5 minutes, every Sunday, Europe/Berlin"],
    ["0 0 12 * 6-8 *", "every day in June to August at 12:00 Europe/Berlin"],
    ["0 0 3 1 * *", "on the 1st of every month at 03:00 Europe/Berlin"],
    ["0 0 3 2,3,22 1,7 *", "on the 2nd, 3rd and 22nd of January and July at 03:00 Europe/Berlin"],
    ["0 0 0 13 * 5", "on the 13th of every month if it is Friday at 00:00 Europe/Berlin"],
  ])("%s is %s", (expression, words) => {
    expect(describeSchedule(schedule(expression, "Europe/Berlin"))).toBe(words);
  });
});
