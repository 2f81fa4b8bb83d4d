import { isRuleSetId, RULE_SET_IDS, RULE_SETS, type RuleSet } from "./rule-sets.ts";

/** What a county may state otherwise than its state: see `ruleOverridesSchema`. */
export type CountyOverrides = Readonly<Record<string, unknown>>;

/**
 * The rules of a county: its state's, but for `maxInterestRate` (percent; in Illinois of a half-year) and `redemptionMonths`
 * (null: not known) where the county states its own.
 * @throws RangeError when there is no such rule set, or what is stated makes no sense
 */
export function countyRules(ruleSet: string, overrides: CountyOverrides): RuleSet {
  if (!isRuleSetId(ruleSet)) {
    throw new RangeError(`expected a rule set (${RULE_SET_IDS.join(", ")}), got ${JSON.stringify(ruleSet)}`);
  }
  const rules = RULE_SETS[ruleSet];
  const maxRate = stated(overrides, "maxInterestRate", "a number from 0", (rate) => rate >= 0);
  const isTold = overrides.redemptionMonths !== undefined;
  return {
    ...rules,
    ...(maxRate !== null && { maxRate, maxAnnualReturn: rules.accrual === "penalty_step" ? maxRate * 2 : maxRate }),
    ...(isTold && { redemptionMonths: stated(overrides, "redemptionMonths", WHOLE, isCount) }),
  };
}

/** Days in which half of a county's liens are redeemed; null where it does not say. @throws RangeError as above */
export function medianRedemptionDays(overrides: CountyOverrides): number | null {
  return stated(overrides, "medianRedemptionDays", WHOLE, isCount);
}

/** A stored lien as the formulas take it: with the rules that hold in its county. @throws RangeError as above */
export function withRules<Lien extends { readonly ruleSet: string; readonly countyRules: CountyOverrides }>(
  lien: Lien,
): Lien & { rules: RuleSet; medianRedemptionDays: number | null } {
  return {
    ...lien,
    rules: countyRules(lien.ruleSet, lien.countyRules),
    medianRedemptionDays: medianRedemptionDays(lien.countyRules),
  };
}

const WHOLE = "a whole number from 1";

function isCount(given: number): boolean {
  return Number.isInteger(given) && given >= 1;
}

function stated(
  overrides: CountyOverrides,
  name: string,
  expected: string,
  makesSense: (given: number) => boolean,
): number | null {
  const given = overrides[name] ?? null;
  if (given === null) return null;
  if (typeof given === "number" && Number.isFinite(given) && makesSense(given)) return given;
  throw new RangeError(`county rule ${name}: expected ${expected}, got ${JSON.stringify(given)}`);
}
