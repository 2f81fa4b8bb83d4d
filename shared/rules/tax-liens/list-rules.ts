import { z } from "zod";
import { patternFault } from "#text/linear-pattern.ts";
import { LIEN_FIELDS, LISTED_STATUSES, type ListedStatus } from "./lien-fields.ts";
import { isRuleSetId, RULE_SET_IDS, RULE_SETS, type RuleSet } from "./rule-sets.ts";

/** The rules for the rows of a county's list. Rates are percent a year, amounts dollars. */
export interface ListRules {
  /** Required fields besides parcel, tax year and face amount, which are always required. */
  readonly required: readonly (typeof LIEN_FIELDS)[number][];
  /** A pattern in RE2 syntax that matches the whole certificate number. */
  readonly certificatePattern: string | null;
  readonly maxInterestRate: number;
  /** Maximum of the winning bid. */
  readonly maxBidRate: number;
  readonly minFaceAmount: number;
  readonly maxFaceAmount: number;
  /** The allowed statuses. */
  readonly statuses: readonly ListedStatus[];
  /** Used to compute the redemption deadline from the sale when the list has none. */
  readonly ruleSet: RuleSet;
  /** Allowed tax years before and after the year of the ingestion. */
  readonly oldestTaxYears: number;
  readonly futureTaxYears: number;
}

/** The defaults for every state. */
export const EVERYWHERE = {
  required: [],
  certificatePattern: null,
  minFaceAmount: 0.01,
  maxFaceAmount: 25_000_000,
  statuses: LISTED_STATUSES,
  oldestTaxYears: 30,
  futureTaxYears: 1,
} as const;

/** Without a known law, a higher rate counts as an error. */
const HIGHEST_RATE = 36;

/** The rules in which a county differs from its rule set. */
export const ruleOverridesSchema = z
  .strictObject({
    required: z.array(z.enum(LIEN_FIELDS)).optional(),
    certificatePattern: z
      .string()
      .max(200)
      .superRefine((pattern, context) => {
        const fault = patternFault(pattern);
        if (fault) context.addIssue(`expected a pattern in RE2 syntax such as ^\\d{4}-\\d{5}$: ${fault}`);
      })
      .nullable()
      .optional(),
    maxInterestRate: z.number().min(0).max(100).optional(),
    minFaceAmount: z.number().positive().optional(),
    maxFaceAmount: z.number().positive().optional(),
    statuses: z.array(z.enum(LISTED_STATUSES)).min(1).optional(),
    redemptionMonths: z.int().min(1).max(240).nullable().optional(),
    /** Median days until redemption, for the expected yield; not a rule of the list. */
    medianRedemptionDays: z.int().min(1).max(7_300).optional(),
    oldestTaxYears: z.int().min(0).max(200).optional(),
    futureTaxYears: z.int().min(0).max(10).optional(),
  })
  .refine(
    ({ minFaceAmount = EVERYWHERE.minFaceAmount, maxFaceAmount = EVERYWHERE.maxFaceAmount }) =>
      minFaceAmount <= maxFaceAmount,
    {
      path: ["minFaceAmount"],
      message: `expected at most maxFaceAmount, which is ${EVERYWHERE.maxFaceAmount} unless it is stated`,
    },
  );

export type RuleOverrides = z.output<typeof ruleOverridesSchema>;

/** The list rules of a county. @throws RangeError for an unknown rule set */
export function listRulesOf(id: string, { redemptionMonths, ...overrides }: RuleOverrides = {}): ListRules {
  if (!isRuleSetId(id)) {
    throw new RangeError(`ruleSet: expected one of ${RULE_SET_IDS.join(", ")}, got ${JSON.stringify(id)}`);
  }
  const ofState = RULE_SETS[id];
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  return {
    ...EVERYWHERE,
    maxInterestRate: ofState.maxAnnualReturn ?? HIGHEST_RATE,
    maxBidRate: overrides.maxInterestRate ?? ofState.maxRate ?? HIGHEST_RATE,
    ...given,
    ruleSet: redemptionMonths === undefined ? ofState : { ...ofState, redemptionMonths },
  };
}
