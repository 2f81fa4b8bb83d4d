import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ago, localIso, until, utcIso } from "#cli/time-format.ts";

const NOW = new Date("2026-11-22T12:00:00Z");
const off = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);

describe("until", () => {
  test.each([
    [-5, "due"],
    [0.9, "due"],
    [20.5, "in 20 s"],
    [59.9, "in 59 s"],
    [60, "in 1 min"],
    [3_599, "in 59 min"],
    [11_550, "in 3 h 12 min"],
    [86_400, "in 1 d 0 h"],
    [187_200, "in 2 d 4 h"],
  ])("%d s from now is %s", (seconds, words) => {
    expect(until(off(seconds), NOW)).toBe(words);
  });
});

describe("ago", () => {
  test.each([
    [0, "now"],
    [-30, "now"],
    [1, "1 s ago"],
    [59.9, "59 s ago"],
    [60, "1 min ago"],
    [3_600, "1 h ago"],
    [86_399, "23 h ago"],
    [864_000, "10 d ago"],
  ])("%d s is %s", (seconds, words) => {
    expect(ago(off(-seconds), NOW)).toBe(words);
  });
});

test("an instant on this machine's clock reads back as the same instant, to the second", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date("1990-01-01"), max: new Date("2090-01-01"), noInvalidDate: true }), (at) => {
      const second = Math.floor(at.getTime() / 1_000) * 1_000;
      expect(Date.parse(localIso(at))).toBe(second);
      expect(Date.parse(utcIso(at))).toBe(second);
    }),
  );
});
