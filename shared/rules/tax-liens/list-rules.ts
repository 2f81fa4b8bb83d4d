import { z } from "zod";
import { LIEN_FIELDS, LISTED_STATUSES, type ListedStatus } from "./lien-fields.ts";
import { isRuleSetId, RULE_SET_IDS, RULE_SETS, type RuleSet } from "./rule-sets.ts";

/** What the rows of a county's list have to obey. Rates are percent a year, amounts dollars. */
export interface ListRules {
  /** Beyond parcel, tax year and face amount, which no lien can be without. */
  readonly required: readonly (typeof LIEN_FIELDS)[number][];
  /** The whole certificate number has to match it. */
  readonly certificatePattern: string | null;
  readonly maxInterestRate: number;
  /** Of what won the sale. */
  readonly maxBidRate: number;
  readonly minFaceAmount: number;
  readonly maxFaceAmount: number;
  /** What a county may say of a lien. */
  readonly statuses: readonly ListedStatus[];
  /** Where the list has no deadline to redeem, it follows from the sale and these. */
  readonly ruleSet: RuleSet;
  /** Tax years, counted from the year of the ingestion: no older and no later ones are believed. */
  readonly oldestTaxYears: number;
  readonly futureTaxYears: number;
}

/** What holds in every state. */
const EVERYWHERE = {
  required: [],
  certificatePattern: null,
  minFaceAmount: 0.01,
  maxFaceAmount: 25_000_000,
  statuses: LISTED_STATUSES,
  oldestTaxYears: 30,
  futureTaxYears: 1,
} as const;

/** Where no law is known, a rate above this is taken for a slip. */
const HIGHEST_RATE = 36;

/** What one county does otherwise than its rule set. */
export const ruleOverridesSchema = z
  .strictObject({
    required: z.array(z.enum(LIEN_FIELDS)).optional(),
    certificatePattern: z
      .string()
      .max(200)
      .refine(isPattern, "expected a regular expression such as ^\\d{4}-\\d{5}$")
      .nullable()
      .optional(),
    maxInterestRate: z.number().min(0).max(100).optional(),
    minFaceAmount: z.number().positive().optional(),
    maxFaceAmount: z.number().positive().optional(),
    statuses: z.array(z.enum(LISTED_STATUSES)).min(1).optional(),
    redemptionMonths: z.int().min(1).max(240).nullable().optional(),
    /** Not the list's: how long its liens usually take to be redeemed, for their expected yield. */
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

/** The rules of a county. @throws RangeError when there is no such rule set */
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

function isPattern(text: string): boolean {
  try {
    return Boolean(new RegExp(text));
  } catch {
    return false;
  }
}
