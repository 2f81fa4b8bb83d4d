import { expect, test } from "vitest";
import { DEFAULT_LIMITS, holdsFor, limitsOf, readLimits, readProviderLimits } from "#settings/provider-limits.ts";

test("a limit is a rate, or the quota of a day or a month in a time zone", () => {
  expect(readLimits("3/1s, 800/day, 20000/month America/Chicago")).toEqual([
    { name: "3/1s", kind: "rate", maxCalls: 3, periodMs: 1_000 },
    { name: "800/day", kind: "quota", maxCalls: 800, resets: "day", zone: "UTC" },
    { name: "20000/month America/Chicago", kind: "quota", maxCalls: 20_000, resets: "month", zone: "America/Chicago" },
  ]);
});

test("a limit of a part of an API holds for its paths alone", () => {
  const [search] = readLimits("search 5/1s");
  expect(holdsFor(search!, "/crm/v3/objects/contacts/search")).toBe(true);
  expect(holdsFor(search!, "/crm/v3/objects/contacts")).toBe(false);
});

test("more than a hundred calls are counted in a shorter period at the same rate", () => {
  expect(readLimits("500/1m")).toEqual([{ name: "500/1m", kind: "rate", maxCalls: 100, periodMs: 12_000 }]);
});

test("settings replace the documented limits of single providers", () => {
  const changed = readProviderLimits("notion=2/1s; hubspot=none");
  expect(limitsOf("notion", changed)).toMatchObject([{ name: "2/1s" }]);
  expect(limitsOf("hubspot", changed)).toEqual([]);
  expect(limitsOf("telegram", changed)).toMatchObject([{ name: "30/1s" }]);
  expect(limitsOf("unknown", changed)).toEqual([]);
  expect(limitsOf("constructor", changed)).toEqual([]);
});

test.each([
  "notion",
  "notion=",
  "notion=3",
  "notion=0/1s",
  "notion=3/week",
  "notion=other 3/1s",
  "notion=constructor 3/1s",
  "notion=3/1s Mars",
])("%s is refused with the form that was expected", (text) => {
  expect(() => readProviderLimits(text)).toThrow("limits such as");
});

test("every documented limit can be read", () => {
  for (const text of DEFAULT_LIMITS.values()) expect(readLimits(text).length).toBeGreaterThan(0);
});
