import { Decimal } from "decimal.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { addDays } from "#rules/civil-date.ts";
import { PROPERTY_TYPES } from "#rules/tax-liens/lien-fields.ts";
import { type RiskFacts, riskScore } from "#rules/tax-liens/risk.ts";

const WEIGHTS = { ltv: 40, property_type: 20, valuation_age: 15, redemption_time: 15, flags: 10 };
const TODAY = "2026-06-01";
/** 4.00: residential, and nothing else against it. */
const SAFE: RiskFacts = {
  ltv: new Decimal("0.05"),
  propertyType: "residential",
  valuedOn: TODAY,
  saleDate: null,
  redemptionDeadline: addDays(TODAY, 1_000),
  bankruptcy: false,
  environmental: false,
  codeViolations: false,
};
const score = (given: Partial<RiskFacts>) => riskScore({ ...SAFE, ...given }, WEIGHTS, TODAY).toFixed(2);

test.each([
  ["0", "4.00"],
  ["0.05", "4.00"],
  ["0.325", "24.00"],
  ["0.6", "44.00"],
  ["0.600001", "44.00"],
  ["25", "44.00"],
  ["Infinity", "44.00"],
])("an LTV of %s makes %s", (ltv, risk) => {
  expect(score({ ltv: new Decimal(ltv) })).toBe(risk);
});

test.each([
  ["residential", "4.00"],
  ["commercial", "8.00"],
  ["industrial", "12.00"],
  ["vacant_land", "16.00"],
  ["unknown", "18.00"],
] as const)("%s property makes %s", (propertyType, risk) => {
  expect(score({ propertyType })).toBe(risk);
});

test.each([
  ["of tomorrow", -1, "4.00"],
  ["73 days old", 73, "7.00"],
  ["a year old", 365, "19.00"],
  ["two years old", 730, "19.00"],
])("a valuation %s makes %s", (_, days, risk) => {
  expect(score({ valuedOn: addDays(TODAY, -days) })).toBe(risk);
});

test.each([
  ["not sold", null, "2027-01-01", "4.00"],
  ["sold today", TODAY, "2027-01-01", "4.00"],
  ["sold, a fifth of the time gone", addDays(TODAY, -73), addDays(TODAY, 292), "7.00"],
  ["on the deadline", "2025-06-01", TODAY, "19.00"],
  ["past the deadline", "2025-06-01", addDays(TODAY, -1), "19.00"],
  ["past the deadline, the sale not known", null, addDays(TODAY, -1), "19.00"],
  ["without a known deadline, half of the points", "2025-06-01", null, "11.50"],
  ["without a known deadline or sale, as well", null, null, "11.50"],
])("%s: %s to %s makes %s", (_, saleDate, redemptionDeadline, risk) => {
  expect(score({ saleDate, redemptionDeadline })).toBe(risk);
});

test("each flag is a third", () => {
  expect(score({ bankruptcy: true })).toBe("7.33");
  expect(score({ bankruptcy: true, environmental: true })).toBe("10.67");
  expect(score({ bankruptcy: true, environmental: true, codeViolations: true })).toBe("14.00");
});

test("an unknown flag counts more than one that is not raised, and less than one that is", () => {
  expect(score({ bankruptcy: null })).toBe("5.67");
  expect(score({ bankruptcy: null, environmental: null, codeViolations: null })).toBe("9.00");
});

const facts = fc
  .record({
    ltv: fc.integer({ min: 0, max: 3_000_000 }).map((n) => new Decimal(n).div(100_000)),
    propertyType: fc.constantFrom(...PROPERTY_TYPES),
    age: fc.integer({ min: -10, max: 3_000 }),
    sold: fc.option(fc.integer({ min: 0, max: 3_000 })),
    left: fc.option(fc.integer({ min: -3_000, max: 3_000 })),
    bankruptcy: fc.boolean(),
    environmental: fc.boolean(),
    codeViolations: fc.boolean(),
  })
  .map(({ age, sold, left, ...rest }) => ({
    ...rest,
    valuedOn: addDays(TODAY, -age),
    saleDate: sold === null ? null : addDays(TODAY, -sold),
    redemptionDeadline: left === null ? null : addDays(TODAY, left),
  }));

test("the score stays within 0 and 100", () => {
  fc.assert(
    fc.property(facts, (given) => {
      const risk = riskScore(given, WEIGHTS, TODAY);
      expect(risk.gte(0) && risk.lte(100)).toBe(true);
    }),
  );
});

test("the score never decreases with a higher LTV, an older valuation or a flag", () => {
  fc.assert(
    fc.property(facts, fc.integer({ min: 1, max: 500 }), (given, more) => {
      const risk = riskScore(given, WEIGHTS, TODAY);
      const worse: Partial<RiskFacts>[] = [
        { ltv: given.ltv.plus(more / 100) },
        { valuedOn: addDays(given.valuedOn, -more) },
        { bankruptcy: true },
      ];
      for (const one of worse) expect(riskScore({ ...given, ...one }, WEIGHTS, TODAY).gte(risk)).toBe(true);
    }),
  );
});
