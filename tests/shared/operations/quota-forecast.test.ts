import { expect, test } from "vitest";
import { exhaustedAt } from "#operations/quota-forecast.ts";

const WINDOW = { windowStart: new Date("2026-03-10T00:00:00Z"), endsAt: new Date("2026-03-11T00:00:00Z") };
const NOON = new Date("2026-03-10T12:00:00Z");

test("a quota is exhausted when the rest is used at the pace of the last hour", () => {
  const use = { ...WINDOW, maxCalls: 1_000, used: 580, lastHour: 90 };
  expect(exhaustedAt(use, NOON)).toEqual(new Date("2026-03-10T16:40:00Z"));
});

test("a quota that lasts until its period ends has no such time", () => {
  expect(exhaustedAt({ ...WINDOW, maxCalls: 1_000, used: 100, lastHour: 50 }, NOON)).toBe(null);
  expect(exhaustedAt({ ...WINDOW, maxCalls: 1_000, used: 100, lastHour: 0 }, NOON)).toBe(null);
});

test("in the first hour of a period its own pace counts", () => {
  const now = new Date("2026-03-10T00:30:00Z");
  const use = { ...WINDOW, maxCalls: 100, used: 50, lastHour: 5_000 };
  expect(exhaustedAt(use, now)).toEqual(new Date("2026-03-10T01:00:00Z"));
});

test("a quota without rest is exhausted now", () => {
  expect(exhaustedAt({ ...WINDOW, maxCalls: 10, used: 12, lastHour: 1 }, NOON)).toEqual(NOON);
});

test("a forecast at a steady pace is right within a minute, from every hour of the day", () => {
  // 70 calls an hour use 1,000 calls at 14:17.
  const usedAt = (now: Date) => Math.floor(((now.getTime() - WINDOW.windowStart.getTime()) / 3_600_000) * 70);
  const happened = WINDOW.windowStart.getTime() + (1_000 / 70) * 3_600_000;
  for (let hour = 1; hour <= 14; hour++) {
    const now = new Date(WINDOW.windowStart.getTime() + hour * 3_600_000);
    const at = exhaustedAt({ ...WINDOW, maxCalls: 1_000, used: usedAt(now), lastHour: 70 }, now)!;
    expect(Math.abs(at.getTime() - happened)).toBeLessThan(60_000);
  }
});
