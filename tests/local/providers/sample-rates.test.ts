import { expect, test } from "vitest";
import { lastPublishedDate, SAMPLE_CURRENCIES, sampleDays } from "#local/providers/sample-rates.ts";

test("each weekday from 1999-01-04 on has rates, and weekends have none", () => {
  const days = sampleDays("2025-05-14");
  expect(days[0]?.date).toBe("1999-01-04");
  expect(days.at(-1)?.date).toBe("2025-05-14");
  expect(days).toHaveLength(6_878);
  expect(days.some(({ date }) => [0, 6].includes(new Date(date).getUTCDay()))).toBe(false);
});

test("a day has the same rates for any last day", () => {
  const long = sampleDays("2025-05-14");
  expect(sampleDays("2003-06-30")).toEqual(long.slice(0, sampleDays("2003-06-30").length));
});

test("rates stay plausible for 25 years, and currencies begin and end as in reality", () => {
  const days = sampleDays("2026-01-05");
  expect(SAMPLE_CURRENCIES).toHaveLength(31);
  for (const [index, quote] of SAMPLE_CURRENCIES.entries()) {
    const rates = days.flatMap(({ rates }) => (rates[index] === undefined ? [] : [Number(rates[index])]));
    expect(Math.max(...rates) / Math.min(...rates), quote).toBeLessThan(20);
    expect(Math.min(...rates), quote).toBeGreaterThan(0);
  }
  const onDay = (date: string, quote: string) =>
    days.find((day) => day.date === date)?.rates[SAMPLE_CURRENCIES.indexOf(quote)];
  expect(onDay("2022-12-30", "HRK")).toMatch(/^\d\.\d{4}$/);
  expect(onDay("2023-01-02", "HRK")).toBeUndefined();
  expect(onDay("2025-12-31", "BGN")).toBe("1.9558");
  expect(onDay("2026-01-01", "BGN")).toBeUndefined();
});

test.each([
  ["2025-05-14T13:59:59Z", "2025-05-13", "before 16:00 in Frankfurt, in summer"],
  ["2025-05-14T14:00:00Z", "2025-05-14", "at 16:00 in Frankfurt, in summer"],
  ["2025-01-15T14:30:00Z", "2025-01-14", "before 16:00 in Frankfurt, in winter"],
  ["2025-01-15T15:00:00Z", "2025-01-15", "at 16:00 in Frankfurt, in winter"],
  ["2025-05-17T20:00:00Z", "2025-05-16", "on a Saturday"],
  ["2025-05-19T08:00:00Z", "2025-05-16", "on Monday morning"],
  ["2025-05-15T22:30:00Z", "2025-05-15", "after midnight in Frankfurt"],
])("at %s the newest day is %s: %s", (now, date) => {
  expect(lastPublishedDate(new Date(now))).toBe(date);
});
