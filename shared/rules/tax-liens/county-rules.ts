import { RULE_SET_IDS, RULE_SETS, isRuleSetId, type RuleSet } from "./rule-sets.ts";

/** What a county may state otherwise than its state. */
export type CountyOverrides = Readonly<Record<string, unknown>>;

/**
 * The rules of a county: its state's, but for `maxInterestRate` (percent; in Illinois of a half-year) and `redemptionMonths`
 * where the county has its own.
 * @throws RangeError when there is no such rule set, or an override is no number above zero (whole, of months)
 */
export function countyRules(ruleSet: string, overrides: CountyOverrides): RuleSet {
  if (!isRuleSetId(ruleSet)) {
    throw new RangeError(`expected a rule set (${RULE_SET_IDS.join(", ")}), got ${JSON.stringify(ruleSet)}`);
  }
  const rules = RULE_SETS[ruleSet];
  const maxRate = numberOf("maxInterestRate", overrides);
  const redemptionMonths = wholeOf("redemptionMonths", overrides);
  return {
    ...rules,
    ...(maxRate !== null && { maxRate, maxAnnualReturn: rules.accrual === "penalty_step" ? maxRate * 2 : maxRate }),
    ...(redemptionMonths !== null && { redemptionMonths }),
  };
}

/** Days in which half of a county's liens are redeemed; null where it does not say. @throws RangeError as above */
export function medianRedemptionDays(overrides: CountyOverrides): number | null {
  return wholeOf("medianRedemptionDays", overrides);
}

function wholeOf(name: string, overrides: CountyOverrides): number | null {
  const given = numberOf(name, overrides);
  if (given === null || Number.isInteger(given)) return given;
  throw new RangeError(`county rule ${name}: expected a whole number, got ${given}`);
}

function numberOf(name: string, overrides: CountyOverrides): number | null {
  const given = overrides[name] ?? null;
  if (given === null) return null;
  if (typeof given === "number" && given > 0 && Number.isFinite(given)) return given;
  throw new RangeError(`county rule ${name}: expected a number above 0, got ${JSON.stringify(given)}`);
}
