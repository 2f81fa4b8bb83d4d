import { Decimal } from "decimal.js";
import { addDays, type CivilDate, daysBetween } from "../civil-date.ts";
import { accrued } from "./accrual.ts";
import { redemptionDays, type RuleSet } from "./rule-sets.ts";
import { simpleAnnualYield } from "./yield.ts";

/** Used when neither the county nor its state has a redemption period. */
const USUAL_DAYS = 365;

/** The cost and interest terms of a lien. Money in dollars, rates in percent. */
export interface LienTerms {
  readonly faceAmount: string;
  readonly penalties: string;
  readonly premium: string;
  /** Paid at the purchase and not refunded. */
  readonly fees: string;
  readonly interestRate: string | null;
  /** The winning rate of the sale; in Illinois the penalty. */
  readonly bidRate: string | null;
  readonly rules: RuleSet;
  /** Median days from purchase to redemption in the county. Null: the full redemption period of the state. */
  readonly medianRedemptionDays: number | null;
}

export interface Redemption {
  readonly days: number;
  readonly day: CivilDate;
  readonly interest: Decimal;
  /** The amount paid back. */
  readonly proceeds: Decimal;
  /** Proceeds less cost. */
  readonly profit: Decimal;
  /** Percent a year of the cost, simple, to 4 decimals. */
  readonly annualYield: Decimal;
}

/** Face + premium + fees. */
export function costOf({ faceAmount, premium, fees }: LienTerms): Decimal {
  return sum(faceAmount, premium, fees);
}

/** The redemption of a lien bought on one day and redeemed on a later one; null without a known rate. */
export function redemptionOn(lien: LienTerms, span: { from: CivilDate; until: CivilDate }): Redemption | null {
  const interest = interestOn(lien, lien.faceAmount, span);
  if (interest === null) return null;
  const [cost, days] = [costOf(lien), Math.max(1, daysBetween(span.from, span.until))];
  const proceeds = sum(lien.faceAmount, interest, lien.penalties, lien.rules.premium === "lost" ? 0 : lien.premium);
  const profit = proceeds.minus(cost);
  return { days, day: span.until, interest, proceeds, profit, annualYield: simpleAnnualYield({ cost, profit, days }) };
}

/** The expected redemption of a lien bought on a day; null without a known rate. */
export function expectedRedemption(lien: LienTerms, bought: CivilDate): Redemption | null {
  const days = Math.max(1, lien.medianRedemptionDays ?? redemptionDays(lien.rules, bought) ?? USUAL_DAYS);
  return redemptionOn(lien, { from: bought, until: addDays(bought, days) });
}

/** The interest on a principal; null without a known rate. A lien without a bid bears the maximum rate of its rules. */
export function interestOn(
  { rules, interestRate, bidRate, premium }: LienTerms,
  principal: string,
  span: { from: CivilDate; until: CivilDate },
): Decimal | null {
  if (rules.accrual === "flat_then_step") return accrued(rules.accrual, { principal, overbid: premium, ...span });
  if (rules.accrual === "penalty_step") {
    const bidPenalty = bidRate ?? rules.maxRate;
    return bidPenalty === null ? null : accrued(rules.accrual, { principal, bidPenalty, ...span });
  }
  const annualRate = interestRate ?? bidRate ?? rules.maxRate;
  return annualRate === null ? null : accrued(rules.accrual, { principal, annualRate, ...span });
}

function sum(...amounts: Decimal.Value[]): Decimal {
  return amounts.reduce<Decimal>((total, amount) => total.plus(amount), new Decimal(0));
}
