import { describe, expect, test } from "vitest";
import type { Zone } from "#schedule/zone.ts";
import { stretchAt, stretchesBetween, zoneOf } from "#schedule/zone.ts";

const DAY = 86_400;
const START = Date.UTC(2020, 0, 1) / 1000;
/** Stretches are found by the year, so each day of more than two tells all ways in which changes and years can meet. */
const days = Array.from({ length: 800 }, (_, day) => START + day * DAY);

describe("a zone whose clocks go back one hour, on any day", () => {
  test.each([
    ["half an hour before midnight UTC", -1800],
    ["at midnight UTC", 0],
    ["half an hour after", 1800],
  ])("%s, has the new offset throughout the repeated hour", (_, shift) => {
    for (const day of days) {
      const change = day + shift;
      const zone = madeUp((instant) => (instant < change ? 7200 : 3600));
      for (const later of [0, 1, 1800, 3599]) {
        expect({ change, later, ...stretchAt(zone, change + later) }).toMatchObject({
          change,
          later,
          start: change,
          offset: 3600,
          offsetBefore: 7200,
        });
      }
      const { end, offset } = stretchAt(zone, change - 1);
      expect({ change, end, offset }).toEqual({ change, end: change, offset: 7200 });
    }
  });
});

test("two changes as close together as any on record, 6.96 days, are both found at any time", () => {
  const apart = 6.95 * DAY;
  for (const day of days) {
    const zone = madeUp((instant) => (instant >= day && instant < day + apart ? 3600 : 0));
    const stretches = [...stretchesBetween(zone, day - 30 * DAY, day + 30 * DAY)];
    const changes = stretches.filter(({ offset, offsetBefore }) => offset !== offsetBefore).map(({ start }) => start);
    expect([...new Set(changes)]).toEqual([day, day + apart]);
  }
});

test.each([
  ["UTC", 0],
  ["Asia/Kathmandu", 5.75],
  ["America/St_Johns", -3.5],
  ["Pacific/Kiritimati", 14],
  ["Pacific/Pago_Pago", -11],
])("%s is %d hours from UTC in January", (name, hours) => {
  expect(stretchAt(zoneOf(name), START).offset).toBe(hours * 3600);
});

test("an offset with seconds, as in Liberia until 1972, is read in full", () => {
  expect(stretchAt(zoneOf("Africa/Monrovia"), Date.UTC(1971, 5, 1) / 1000).offset).toBe(-(44 * 60 + 30));
});

function madeUp(offsetAt: (instant: number) => number): Zone {
  return { name: "Made/Up", offsetAt, eras: new Map() };
}
