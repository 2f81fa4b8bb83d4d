import { expect, it } from "vitest";
import { fingerprintOf } from "#operations/idempotency.ts";

it("payloads with different dates have different fingerprints", () => {
  const since = (text: string) => fingerprintOf({ filter: { since: new Date(text) } });
  expect(since("2026-03-01T00:00:00Z")).not.toBe(since("2026-03-02T00:00:00Z"));
  expect(since("2026-03-01T00:00:00Z")).toBe(since("2026-03-01T01:00:00+01:00"));
});

it("the order of members does not change a fingerprint", () => {
  expect(fingerprintOf({ a: 1, b: [2] })).toBe(fingerprintOf({ b: [2], a: 1 }));
});
