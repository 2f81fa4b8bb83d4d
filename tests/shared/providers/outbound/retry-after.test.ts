import { expect, test } from "vitest";
import { LONGEST_RETRY_AFTER_MS, retryAfterMs } from "#providers/outbound/retry-after.ts";

const now = new Date("2025-03-01T12:00:00Z");
const asked = (value: string) => retryAfterMs({ "retry-after": value }, now);

test("seconds and HTTP dates are read", () => {
  expect(asked("120")).toBe(120_000);
  expect(asked("1.5")).toBe(1_500);
  expect(asked("Sat, 01 Mar 2025 12:00:30 GMT")).toBe(30_000);
});

test("a past date means no wait", () => {
  expect(asked("Sat, 01 Mar 2025 11:00:00 GMT")).toBe(0);
});

test("retry-after-ms takes precedence", () => {
  expect(retryAfterMs({ "retry-after-ms": "250", "retry-after": "1" }, now)).toBe(250);
});

test("more than an hour is an hour", () => {
  expect(asked("999999999")).toBe(LONGEST_RETRY_AFTER_MS);
});

test.each(["", "-5", "soon", "1e3", "Sat, 99 Foo"])("%j is ignored", (value) => {
  expect(asked(value)).toBeUndefined();
});
