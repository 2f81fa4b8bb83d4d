import { Decimal } from "decimal.js";
import { type CivilDate, daysBetween } from "../civil-date.ts";
import type { PropertyType } from "./lien-fields.ts";

/** The factors of the risk score. */
export const RISK_FACTORS = ["ltv", "property_type", "valuation_age", "redemption_time", "flags"] as const;
export type RiskFactor = (typeof RISK_FACTORS)[number];
/** Maximum points of each factor; the sum is 100. */
export type RiskWeights = Readonly<Record<RiskFactor, number>>;

export interface RiskFacts {
  /** Lien ÷ value: 0.25 is a quarter. Infinite for a property with a value of 0. */
  readonly ltv: Decimal;
  readonly propertyType: PropertyType;
  readonly valuedOn: CivilDate;
  /** Null for an unsold lien. */
  readonly saleDate: CivilDate | null;
  /** Null: unknown. */
  readonly redemptionDeadline: CivilDate | null;
  /** Null: the county's list has no such column. */
  readonly bankruptcy: boolean | null;
  readonly environmental: boolean | null;
  readonly codeViolations: boolean | null;
}

/**
 * The risk score from 0 (none) to 100: Σ weight × factor, each factor from 0 to 1, rounded once to 2 decimals, half up.
 * The formula is this project's own.
 *
 * | factor | value |
 * |---|---|
 * | `ltv` | 0 up to 5 %, 1 from 60 %, linear between |
 * | `property_type` | residential 0.2, commercial 0.4, industrial 0.6, vacant land 0.8, unknown 0.9 |
 * | `valuation_age` | 0 on the day of the valuation, 1 from 365 days, linear between |
 * | `redemption_time` | elapsed share of the time from sale to deadline; 1 after it, 0 if unsold, ½ if it is unknown |
 * | `flags` | bankruptcy, environmental, code violations: a third each; half of that for an unknown one |
 */
export function riskScore(facts: RiskFacts, weights: RiskWeights, asOf: CivilDate): Decimal {
  const parts = riskParts(facts, weights, asOf);
  return RISK_FACTORS.reduce((sum, factor) => sum.plus(parts[factor]), new Decimal(0)).toDecimalPlaces(
    2,
    Decimal.ROUND_HALF_UP,
  );
}

/** The points that each factor adds to the score, from 0 to its weight, not rounded. */
export function riskParts(
  facts: RiskFacts,
  weights: RiskWeights,
  asOf: CivilDate,
): Readonly<Record<RiskFactor, Decimal>> {
  const points = (factor: RiskFactor, share: Decimal) => share.times(weights[factor]);
  const flags = [facts.bankruptcy, facts.environmental, facts.codeViolations].reduce(
    (sum, flag) => sum + (flag === null ? 0.5 : Number(flag)),
    0,
  );
  return {
    ltv: points("ltv", facts.ltv.isFinite() ? share(facts.ltv.minus("0.05"), "0.55") : new Decimal(1)),
    property_type: points("property_type", new Decimal(TYPE_RISK[facts.propertyType])),
    valuation_age: points("valuation_age", share(daysBetween(facts.valuedOn, asOf), 365)),
    redemption_time: points("redemption_time", redemptionTime(facts, asOf)),
    flags: points("flags", new Decimal(flags).div(3)),
  };
}

const TYPE_RISK: Readonly<Record<PropertyType, string>> = {
  residential: "0.2",
  commercial: "0.4",
  industrial: "0.6",
  vacant_land: "0.8",
  unknown: "0.9",
};

function redemptionTime({ saleDate, redemptionDeadline }: RiskFacts, asOf: CivilDate): Decimal {
  if (redemptionDeadline === null) return new Decimal("0.5");
  if (asOf > redemptionDeadline) return new Decimal(1);
  // Before the deadline, a lien without a sale before the deadline has no elapsed time.
  if (saleDate === null || saleDate >= redemptionDeadline) return new Decimal(0);
  return share(daysBetween(saleDate, asOf), daysBetween(saleDate, redemptionDeadline));
}

/** Part ÷ whole, from 0 to 1. */
function share(part: Decimal.Value, whole: Decimal.Value): Decimal {
  return Decimal.max(0, Decimal.min(1, new Decimal(part).div(whole)));
}
