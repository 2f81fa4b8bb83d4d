import { isRuleSetId, RULE_SET_IDS, RULE_SETS, type RuleSet } from "./rule-sets.ts";

/** The rules in which a county differs from its state: see `ruleOverridesSchema`. */
export type CountyOverrides = Readonly<Record<string, unknown>>;

/**
 * The rules of a county: those of its state, with the county's own `maxInterestRate` (percent; in Illinois per
 * half-year) and `redemptionMonths` (null: unknown) if stated.
 * @throws RangeError for an unknown rule set or an invalid override
 */
export function countyRules(ruleSet: string, overrides: CountyOverrides): RuleSet {
  if (!isRuleSetId(ruleSet)) {
    throw new RangeError(`expected a rule set (${RULE_SET_IDS.join(", ")}), got ${JSON.stringify(ruleSet)}`);
  }
  const rules = RULE_SETS[ruleSet];
  const maxRate = stated(overrides, "maxInterestRate", "a number from 0", (rate) => rate >= 0);
  const hasMonths = overrides.redemptionMonths !== undefined;
  return {
    ...rules,
    ...(maxRate !== null && {
      maxRate,
      unstatedRate: maxRate,
      maxAnnualReturn: rules.accrual === "penalty_step" ? maxRate * 2 : maxRate,
    }),
    ...(hasMonths && { redemptionMonths: stated(overrides, "redemptionMonths", WHOLE, isCount) }),
  };
}

/**
 * Days in which half of a county's liens are redeemed; null when unknown.
 * @throws RangeError for an invalid override
 */
export function medianRedemptionDays(overrides: CountyOverrides): number | null {
  return stated(overrides, "medianRedemptionDays", WHOLE, isCount);
}

/** A stored lien with the rules of its county, as the formulas need it. @throws RangeError for invalid rules */
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
  isValid: (given: number) => boolean,
): number | null {
  const given = overrides[name] ?? null;
  if (given === null) return null;
  if (typeof given === "number" && Number.isFinite(given) && isValid(given)) return given;
  throw new RangeError(`county rule ${name}: expected ${expected}, got ${JSON.stringify(given)}`);
}
