import { expect, test } from "vitest";
import type { LienTerms } from "#rules/tax-liens/redemption.ts";
import { returnCases } from "#rules/tax-liens/return-cases.ts";
import { RULE_SETS, type RuleSetId } from "#rules/tax-liens/rule-sets.ts";

const bought = "2026-01-15";
const terms = (ruleSet: RuleSetId, given: Partial<LienTerms> = {}): LienTerms => ({
  faceAmount: "1000",
  penalties: "0",
  premium: "0",
  fees: "0",
  interestRate: null,
  bidRate: null,
  saleDate: null,
  redemptionDeadline: null,
  rules: RULE_SETS[ruleSet],
  medianRedemptionDays: null,
  ...given,
});
const shown = (ruleSet: RuleSetId, given?: Partial<LienTerms>) =>
  returnCases(terms(ruleSet, given), bought).map(
    ({ when, basis, redemption }) =>
      `${when.join(", ")} (${redemption.day}): ${basis} = ${redemption.interest.toFixed(2)}`,
  );

test("Arizona: each half-year of three years, by the started month", () => {
  expect(shown("arizona", { medianRedemptionDays: 400 })).toEqual([
    "after 1 month (2026-02-15): 2 months of 16 % = 26.67",
    "after 6 months (2026-07-15): 7 months of 16 % = 93.33",
    "after 12 months (2027-01-15): 13 months of 16 % = 173.33",
    "as expected (2027-02-19): 14 months of 16 % = 186.67",
    "after 18 months (2027-07-15): 19 months of 16 % = 253.33",
    "after 24 months (2028-01-15): 25 months of 16 % = 333.33",
    "after 30 months (2028-07-15): 31 months of 16 % = 413.33",
    "after 36 months, on the last day to redeem (2029-01-15): 37 months of 16 % = 493.33",
  ]);
});

test("Florida: the minimum of 5 %, up to the last day on which it exceeds the interest", () => {
  const cases = shown("florida", { bidRate: "6", medianRedemptionDays: 30 });
  expect(cases).toContain("as expected (2026-02-14): the 5 % minimum = 50.00");
  expect(cases).toContain("the last day of the 5 % minimum (2026-10-31): 10 months of 6 % = 50.00");
  expect(cases).toContain("after 12 months (2027-01-15): 13 months of 6 % = 65.00");
  expect(shown("florida", { bidRate: "0" })[0]).toContain("2 months of 0 % = 0.00");
});

test("Illinois: one penalty for each started half-year, the second from the day after six months", () => {
  expect(shown("illinois", { bidRate: "3" })).toEqual([
    "after 1 month (2026-02-15): 1 penalty of 3 % = 30.00",
    "after 6 months (2026-07-15): 1 penalty of 3 % = 30.00",
    "the day after 6 months (2026-07-16): 2 penalties of 3 % = 60.00",
    "after 12 months (2027-01-15): 2 penalties of 3 % = 60.00",
    "after 18 months (2027-07-15): 3 penalties of 3 % = 90.00",
    "after 24 months (2028-01-15): 4 penalties of 3 % = 120.00",
    "as expected, after 30 months, on the last day to redeem (2028-07-15): 5 penalties of 3 % = 150.00",
  ]);
});

test("Indiana: 10 % within six months, 15 % from the next day, and interest on the premium", () => {
  expect(shown("indiana")).toEqual([
    "after 1 month (2026-02-15): 10 % = 100.00",
    "after 3 months (2026-04-15): 10 % = 100.00",
    "after 6 months (2026-07-15): 10 % = 100.00",
    "the day after 6 months (2026-07-16): 15 % = 150.00",
    "after 9 months (2026-10-15): 15 % = 150.00",
    "as expected, after 12 months, on the last day to redeem (2027-01-15): 15 % = 150.00",
  ]);
  expect(shown("indiana", { premium: "500" }).at(-1)).toContain("15 %, and 5 % a year on the premium = 175.00");
});

test("Maryland: each month of its six, and 8 % where the county's rate is not stated", () => {
  expect(shown("maryland")).toEqual([
    "after 1 month (2026-02-15): 2 months of 8 % = 13.33",
    "after 2 months (2026-03-15): 3 months of 8 % = 20.00",
    "after 3 months (2026-04-15): 4 months of 8 % = 26.67",
    "after 4 months (2026-05-15): 5 months of 8 % = 33.33",
    "after 5 months (2026-06-15): 6 months of 8 % = 40.00",
    "as expected, after 6 months, on the last day to redeem (2026-07-15): 7 months of 8 % = 46.67",
  ]);
});

test("elsewhere: each half-year of three years, by the day, without a last day", () => {
  const cases = shown("other", { interestRate: "10" });
  expect(cases).toHaveLength(7);
  expect(cases).toContain("as expected, after 12 months (2027-01-15): 365 days of 10 % = 100.00");
  expect(cases.at(-1)).toBe("after 36 months (2029-01-15): 1096 days of 10 % = 300.27");
});

test("a premium that is lost makes an early redemption a loss", () => {
  const [early] = returnCases(terms("colorado", { premium: "100", bidRate: "12" }), bought);
  expect(early!.redemption.annualYield.isNegative()).toBe(true);
});

test("there are none after the last day to redeem or without a rate, and none beyond that day", () => {
  expect(shown("arizona", { redemptionDeadline: "2026-01-14" })).toEqual([]);
  expect(shown("other")).toEqual([]);
  expect(shown("arizona", { saleDate: "2023-03-01", medianRedemptionDays: 900 })).toEqual([
    "after 1 month (2026-02-15): 2 months of 16 % = 26.67",
    "as expected, on the last day to redeem (2026-03-01): 3 months of 16 % = 40.00",
  ]);
});
