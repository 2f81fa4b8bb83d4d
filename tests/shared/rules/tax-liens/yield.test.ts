import fc from "fast-check";
import { expect, test } from "vitest";
import { addDays } from "#rules/civil-date.ts";
import { internalRateOfReturn, simpleAnnualYield } from "#rules/tax-liens/yield.ts";

test.each([
  [1000, 160, 365, "16"],
  [1000, 80, 73, "40"],
  [1250, -120, 365, "-9.6"],
  [3, 1, 365, "33.3333"],
])("of a cost of %d, a profit of %d in %d days is %s %% a year", (cost, profit, days, percent) => {
  expect(simpleAnnualYield({ cost, profit, days }).toString()).toBe(percent);
});

test.each([
  [
    "a year",
    [
      ["2025-01-01", -1000],
      ["2026-01-01", 1100],
    ],
    10,
  ],
  [
    "two years compound",
    [
      ["2025-01-01", -1000],
      ["2027-01-01", 1210],
    ],
    10,
  ],
  [
    "a loss",
    [
      ["2025-01-01", -1000],
      ["2026-01-01", 500],
    ],
    -50,
  ],
  [
    "in any order",
    [
      ["2026-01-01", 1100],
      ["2025-01-01", -1000],
    ],
    10,
  ],
  [
    "two payments",
    [
      ["2025-01-01", -1000],
      ["2026-01-01", -1000],
      ["2027-01-01", 2310],
    ],
    10,
  ],
] as const)("the internal rate of return over %s", (_, flows, percent) => {
  const dated = flows.map(([day, amount]) => ({ day, amount }));
  expect(internalRateOfReturn(dated)).toBeCloseTo(percent, 3);
});

test("there is none when nothing is paid back or nothing was paid", () => {
  expect(internalRateOfReturn([])).toBeNull();
  expect(internalRateOfReturn([{ day: "2025-01-01", amount: -1 }])).toBeNull();
  expect(internalRateOfReturn([{ day: "2025-01-01", amount: 1 }])).toBeNull();
});

test("the rate of a payment with its return at that rate is that rate", () => {
  fc.assert(
    fc.property(fc.integer({ min: -90, max: 500 }), fc.integer({ min: 30, max: 3_000 }), (percent, days) => {
      const back = 1_000 * (1 + percent / 100) ** (days / 365);
      fc.pre(back > 0.001);
      const flows = [
        { day: "2025-01-01", amount: -1_000 },
        { day: addDays("2025-01-01", days), amount: back },
      ];
      expect(internalRateOfReturn(flows)).toBeCloseTo(percent, 2);
    }),
  );
});
