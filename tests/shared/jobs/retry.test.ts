import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoff, exponential, linear, noRetries, type RetryPolicy } from "#jobs/retry.ts";

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const retry = fc.integer({ min: 1, max: 100 });
const policy = fc
  .record({
    first: fc.integer({ min: 1, max: 3_600_000 }),
    longer: fc.integer({ min: 0, max: 86_400_000 }),
    factor: fc.double({ min: 1, max: 100, noNaN: true }),
  })
  .map(({ first, longer, factor }) => exponential({ first: `${first}ms`, max: `${first + longer}ms`, factor }));

const ceilingOf = (of: RetryPolicy, nth: number) =>
  of.kind === "exponential" ? Math.min(of.maxMs, of.firstMs * of.factor ** (nth - 1)) : 0;

describe("an exponential delay", () => {
  it("is between a tenth of its ceiling and the ceiling", () => {
    fc.assert(
      fc.property(policy, retry, share, (of, nth, random) => {
        const ceiling = ceilingOf(of, nth);
        const delay = backoff(of, nth, random);
        expect(delay).toBeGreaterThanOrEqual(ceiling / 10);
        expect(delay).toBeLessThanOrEqual(Math.ceil(ceiling));
      }),
    );
  });

  it("is never immediate and never longer than the cap, after any number of failures", () => {
    fc.assert(
      fc.property(policy, retry, share, (of, nth, random) => {
        const delay = backoff(of, nth, random);
        expect(delay).toBeGreaterThan(0);
        expect(delay).toBeLessThanOrEqual(of.kind === "exponential" ? of.maxMs : 0);
        expect(Number.isInteger(delay)).toBe(true);
      }),
    );
  });

  it("does not decrease from one retry to the next, at the same random share", () => {
    fc.assert(
      fc.property(policy, retry, share, (of, nth, random) => {
        expect(backoff(of, nth + 1, random)).toBeGreaterThanOrEqual(backoff(of, nth, random));
      }),
    );
  });

  it("spreads over nearly the whole range", () => {
    const of = exponential({ first: "10s", max: "10m" });
    expect([0, 0.5, 0.999_999].map((random) => backoff(of, 3, random))).toEqual([4_000, 22_000, 40_000]);
  });

  it("has the documented defaults", () => {
    expect(exponential()).toEqual({ kind: "exponential", retries: 3, firstMs: 5_000, factor: 2, maxMs: 300_000 });
  });
});

it("a linear delay is the same each time", () => {
  const of = linear({ retries: 2, delay: "10s" });
  expect([1, 2, 7].map((nth) => backoff(of, nth, 0.3))).toEqual([10_000, 10_000, 10_000]);
});

it("noRetries has no retries", () => {
  expect(noRetries).toEqual({ kind: "never", retries: 0 });
});

describe("an invalid policy is refused:", () => {
  it.each([-1, 1.5, 101, NaN, Infinity])("%d retries", (retries) => {
    expect(() => exponential({ retries })).toThrow(
      /^retry policy: expected a whole number of retries from 0 to 100, got/,
    );
    expect(() => linear({ retries, delay: "1s" })).toThrow(RangeError);
  });

  it.each([0, 0.5, -2, 101, NaN, Infinity])("a factor of %d", (factor) => {
    expect(() => exponential({ factor })).toThrow(/^retry policy: expected a backoff factor from 1 to 100, got/);
  });

  it("a first delay longer than the longest, or of zero", () => {
    expect(() => exponential({ first: "10m", max: "5m" })).toThrow(/at most max \(5m\), got 10m$/);
    expect(() => exponential({ first: "0s" })).toThrow(/first delay of more than 0/);
  });

  it("a delay without a unit", () => {
    expect(() => linear({ retries: 1, delay: "10" as "10s" })).toThrow(/expected a duration/);
  });
});
