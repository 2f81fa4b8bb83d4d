import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addDays } from "#rules/civil-date.ts";
import { ACCRUAL_METHODS, type AccrualTerms, accrued } from "#rules/tax-liens/accrual.ts";

describe("monthly_simple counts the first and the last month whole", () => {
  test.each([
    // 1000 × 16 % ÷ 12 = 13.333… a month
    ["the same day", "2025-02-10", "2025-02-10", "13.33"],
    ["the same month, its first and last day", "2025-02-01", "2025-02-28", "13.33"],
    ["the last day of a month and the day after", "2025-01-31", "2025-02-01", "26.67"],
    ["a month of a leap year", "2024-02-01", "2024-02-29", "13.33"],
    ["from a leap day into March", "2024-02-29", "2024-03-01", "26.67"],
    ["over a new year", "2024-12-31", "2025-01-01", "26.67"],
    ["a year to the day: thirteen months", "2024-02-06", "2025-02-06", "173.33"],
    ["three years", "2022-02-08", "2025-01-31", "480"],
  ])("%s", (_, from, until, interest) => {
    expect(accrued("monthly_simple", { principal: "1000", annualRate: 16, from, until }).toString()).toBe(interest);
  });

  test("half a cent is rounded up", () => {
    // 1.50 × 4 % ÷ 12 = 0.005
    const terms = { principal: "1.50", annualRate: 4, from: "2025-01-01", until: "2025-01-02" };
    expect(accrued("monthly_simple", terms).toString()).toBe("0.01");
    expect(accrued("monthly_simple", { ...terms, principal: "1.49" }).toString()).toBe("0");
  });
});

describe("monthly_simple_minimum owes at least 5 % of the principal", () => {
  test.each([
    ["18", "2025-06-01", "2025-06-30", "50"], // 15.00 by the month
    ["18", "2025-06-01", "2025-08-31", "50"], // 45.00
    ["18", "2025-06-01", "2025-09-01", "60"],
    ["0.25", "2025-06-01", "2027-05-31", "50"], // 5.00
    ["0", "2025-06-01", "2027-05-31", "0"], // a bid of nothing earns nothing
  ])("at %s %% from %s until %s: %s", (annualRate, from, until, interest) => {
    expect(accrued("monthly_simple_minimum", { principal: 1000, annualRate, from, until }).toString()).toBe(interest);
  });
});

describe("penalty_step owes the penalty again for each six months begun", () => {
  test.each([
    ["on the day of the sale", "2025-01-15", "2025-01-15", "90"],
    ["on the very day six months after", "2025-01-15", "2025-07-15", "90"],
    ["the day after that", "2025-01-15", "2025-07-16", "180"],
    ["a year after", "2025-01-15", "2026-01-15", "180"],
    ["two and a half years after", "2025-01-15", "2027-07-15", "450"],
    ["and a day", "2025-01-15", "2027-07-16", "540"],
    ["sold on 31 August, on 28 February", "2024-08-31", "2025-02-28", "90"],
    ["sold on 31 August, on 1 March", "2024-08-31", "2025-03-01", "180"],
    ["sold on 31 August, on 29 February of a leap year", "2023-08-31", "2024-02-29", "90"],
    ["sold on 31 August, a year later to the day", "2024-08-31", "2025-08-31", "180"],
    ["sold on a leap day, on 29 August", "2024-02-29", "2024-08-29", "90"],
  ])("%s", (_, from, until, penalty) => {
    expect(accrued("penalty_step", { principal: 1000, bidPenalty: 9, from, until }).toString()).toBe(penalty);
  });

  test("a penalty of 0 stays 0", () => {
    const terms = { principal: 1000, bidPenalty: 0, from: "2025-01-15", until: "2027-01-15" };
    expect(accrued("penalty_step", terms).toString()).toBe("0");
  });
});

describe("flat_then_step owes 10 %, after six months 15 %, and 5 % a year on the overbid", () => {
  test.each([
    ["at once", "2025-09-10", "2025-09-10", "0", "100"],
    ["on the very day six months after", "2025-09-10", "2026-03-10", "0", "100"],
    ["the day after that", "2025-09-10", "2026-03-11", "0", "150"],
    ["a year after: no third step", "2025-09-10", "2026-09-10", "0", "150"],
    ["a year after, with an overbid", "2025-09-10", "2026-09-10", "730", "186.5"],
    ["73 days after, with an overbid", "2025-01-01", "2025-03-15", "730", "107.3"],
  ])("%s", (_, from, until, overbid, interest) => {
    const terms = { principal: "99", minimumBid: "1000", overbid, from, until };
    expect(accrued("flat_then_step", terms).toString()).toBe(interest);
  });

  test("the minimum bid defaults to the principal", () => {
    const terms = { principal: "1000", from: "2025-01-01", until: "2025-01-02" };
    expect(accrued("flat_then_step", terms).toString()).toBe("100");
  });
});

describe("daily_simple is actual/365", () => {
  test.each([
    ["no day", "2025-01-01", "2025-01-01", "0"],
    ["73 days", "2025-01-01", "2025-03-15", "20"],
    ["a year", "2025-01-01", "2026-01-01", "100"],
    ["a leap year has a day more", "2024-01-01", "2025-01-01", "100.27"],
  ])("%s", (_, from, until, interest) => {
    expect(accrued("daily_simple", { principal: 1000, annualRate: 10, from, until }).toString()).toBe(interest);
  });
});

describe("invalid terms are refused by name", () => {
  const terms = { principal: 1000, annualRate: 10, from: "2025-01-02", until: "2025-01-03" };
  test("an end before the start", () => {
    expect(() => accrued("daily_simple", { ...terms, until: "2025-01-01" })).toThrow(
      "expected until on or after from (2025-01-02), got 2025-01-01",
    );
  });
  test("a missing figure", () => {
    expect(() => accrued("penalty_step", terms)).toThrow("expected bidPenalty, got none");
  });
  test.each([-1, NaN, Infinity])("a principal of %s", (principal) => {
    expect(() => accrued("daily_simple", { ...terms, principal })).toThrow("expected principal as a number");
  });
});

const day = fc
  .date({ min: new Date("1990-01-01"), max: new Date("2080-12-31"), noInvalidDate: true })
  .map((at) => at.toISOString().slice(0, 10));
const cents = (max: number) => fc.integer({ min: 1, max }).map((n) => (n / 100).toFixed(2));
const rate = fc.integer({ min: 0, max: 80 }).map((quarters) => quarters / 4);
const terms = fc
  .record({
    principal: cents(100_000_000),
    annualRate: rate,
    bidPenalty: rate,
    overbid: cents(1_000_000),
    from: day,
    days: fc.integer({ min: 0, max: 4_000 }),
  })
  .map(({ days, ...given }): AccrualTerms => ({ ...given, until: addDays(given.from, days) }));

describe.each(ACCRUAL_METHODS)("%s", (method) => {
  test("never falls as time passes", () => {
    fc.assert(
      fc.property(terms, fc.integer({ min: 1, max: 800 }), (given, more) => {
        const later = accrued(method, { ...given, until: addDays(given.until, more) });
        expect(later.gte(accrued(method, given))).toBe(true);
      }),
    );
  });

  test("is linear in the principal, except for rounding", () => {
    fc.assert(
      fc.property(terms, fc.integer({ min: 2, max: 50 }), (given, times) => {
        const [principal, overbid] = [Number(given.principal), Number(given.overbid)].map((amount) => amount * times);
        const many = accrued(method, {
          ...given,
          principal: (principal ?? 0).toFixed(2),
          overbid: (overbid ?? 0).toFixed(2),
        });
        const off = many.minus(accrued(method, given).times(times)).abs();
        expect(off.lte(0.005 * (times + 1))).toBe(true);
      }),
    );
  });

  test("is in whole cents and not negative", () => {
    fc.assert(
      fc.property(terms, (given) => {
        const interest = accrued(method, given);
        expect(interest.decimalPlaces()).toBeLessThanOrEqual(2);
        expect(interest.gte(0)).toBe(true);
      }),
    );
  });
});
