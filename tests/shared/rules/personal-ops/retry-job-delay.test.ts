import fc from "fast-check";
import { expect, it } from "vitest";
import { retryJobDelay } from "#rules/personal-ops/retry-job-delay.ts";

it("doubles from two seconds and ends at a minute", () => {
  expect([1, 2, 3, 4, 5, 6, 19].map((attempts) => retryJobDelay(attempts, 0) / 1_000)).toEqual([
    2, 4, 8, 16, 32, 60, 60,
  ]);
});

it("is up to a tenth longer, and never shorter", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempts, random) => {
        const [least, delay] = [retryJobDelay(attempts, 0), retryJobDelay(attempts, random)];
        expect(delay).toBeGreaterThanOrEqual(least);
        expect(delay).toBeLessThanOrEqual(least * 1.1);
      },
    ),
  );
});
