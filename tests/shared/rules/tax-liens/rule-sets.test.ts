import { expect, test } from "vitest";
import { isRuleSetId, redemptionDeadline, RULE_SET_IDS, RULE_SETS } from "#rules/tax-liens/rule-sets.ts";

test.each([
  ["arizona", "lowest_rate", 16, "monthly_simple"],
  ["florida", "lowest_rate", 18, "monthly_simple_minimum"],
  ["illinois", "lowest_penalty", 9, "penalty_step"],
  ["colorado", "highest_premium", 15, "monthly_simple"],
  ["indiana", "highest_premium", 15, "flat_then_step"],
  ["maryland", "highest_premium", 20, "monthly_simple"],
  ["other", "unknown", null, "daily_simple"],
] as const)("%s: %s, at most %s %%, by %s", (id, bidding, maxRate, accrual) => {
  expect(RULE_SETS[id]).toMatchObject({ id, bidding, maxRate, accrual });
});

test.each([
  ["arizona", "2025-02-04", "2028-02-04"],
  ["florida", "2025-05-31", "2027-04-01"],
  ["illinois", "2025-08-31", "2028-02-29"],
  ["colorado", "2025-11-13", "2028-11-13"],
  ["indiana", "2024-02-29", "2025-02-28"],
  ["maryland", "2025-05-19", "2025-11-19"],
  ["other", "2025-05-19", null],
] as const)("%s: what is sold on %s may be redeemed until %s", (id, sold, deadline) => {
  expect(redemptionDeadline(RULE_SETS[id], sold)).toBe(deadline);
});

test.each([
  ["arizona", 16],
  ["florida", 18],
  ["illinois", 9],
  ["colorado", 9],
  ["maryland", 8],
  ["other", null],
] as const)("%s: a list without a rate counts %s %%, no more than the law gives", (id, rate) => {
  expect(RULE_SETS[id].unstatedRate).toBe(rate);
});

test("only these are rule sets", () => {
  expect(RULE_SET_IDS.every(isRuleSetId)).toBe(true);
  expect(isRuleSetId("toString")).toBe(false);
  expect(isRuleSetId("texas")).toBe(false);
});
