import { expect, test } from "vitest";
import { countyRules, medianRedemptionDays } from "#rules/tax-liens/county-rules.ts";
import { ruleOverridesSchema } from "#rules/tax-liens/list-rules.ts";
import { RULE_SETS } from "#rules/tax-liens/rule-sets.ts";

test("a county has the rules of its state with its own overrides", () => {
  expect(countyRules("arizona", {})).toEqual(RULE_SETS.arizona);
  expect(countyRules("colorado", { maxInterestRate: 12, redemptionMonths: 24, required: ["owner"] })).toEqual({
    ...RULE_SETS.colorado,
    maxRate: 12,
    unstatedRate: 12,
    maxAnnualReturn: 12,
    redemptionMonths: 24,
  });
  expect(countyRules("other", { maxInterestRate: 8.5 })).toMatchObject({ maxRate: 8.5, maxAnnualReturn: 8.5 });
});

test("a county may have a rate of 0 and an unknown redemption period", () => {
  const rules = countyRules("arizona", { maxInterestRate: 0, redemptionMonths: null });
  expect(rules).toMatchObject({ maxRate: 0, maxAnnualReturn: 0, redemptionMonths: null });
});

test("the schema accepts every override that the rules read", () => {
  const overrides = { maxInterestRate: 12, redemptionMonths: 24, medianRedemptionDays: 400 };
  expect(ruleOverridesSchema.parse(overrides)).toEqual(overrides);
});

test("a half-year penalty counts twice in a year", () => {
  expect(countyRules("illinois", { maxInterestRate: 18 })).toMatchObject({ maxRate: 18, maxAnnualReturn: 36 });
});

test("the days to redemption come from the county, or are unknown", () => {
  expect(medianRedemptionDays({ medianRedemptionDays: 400 })).toBe(400);
  expect(medianRedemptionDays({})).toBeNull();
  expect(medianRedemptionDays({ medianRedemptionDays: null })).toBeNull();
});

test("an invalid override is refused by name", () => {
  expect(() => countyRules("texas", {})).toThrow("expected a rule set (arizona, florida");
  expect(() => countyRules("arizona", { maxInterestRate: "16" })).toThrow(
    'county rule maxInterestRate: expected a number from 0, got "16"',
  );
  expect(() => countyRules("arizona", { redemptionMonths: 1.5 })).toThrow("expected a whole number from 1, got 1.5");
  expect(() => medianRedemptionDays({ medianRedemptionDays: 0 })).toThrow("expected a whole number from 1, got 0");
});

test.each([
  [{ minFaceAmount: 200, maxFaceAmount: 100 }, "expected at most maxFaceAmount"],
  [{ minFaceAmount: 30_000_000 }, "which is 25000000 unless it is stated"],
])("amounts that no lien could have are refused: %j", (overrides, reason) => {
  expect(ruleOverridesSchema.safeParse(overrides).error?.issues).toMatchObject([
    { path: ["minFaceAmount"], message: expect.stringContaining(reason) as string },
  ]);
});

test("a certificate pattern that RE2 does not have is refused with the field, the reason and the remedy", () => {
  expect(ruleOverridesSchema.safeParse({ certificatePattern: "(?=CP)CP-\\d+" }).error?.issues).toMatchObject([
    {
      path: ["certificatePattern"],
      message: "expected a pattern in RE2 syntax such as ^\\d{4}-\\d{5}$: lookaround is not supported: remove (?=…)",
    },
  ]);
});
