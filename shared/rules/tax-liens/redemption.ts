import { Decimal } from "decimal.js";
import { addDays, type CivilDate, daysBetween } from "../civil-date.ts";
import { accrued } from "./accrual.ts";
import { redemptionDays, type RuleSet } from "./rule-sets.ts";
import { simpleAnnualYield } from "./yield.ts";

/** Where neither the county nor its state says when a lien is redeemed. */
const USUAL_DAYS = 365;

/** What a lien costs and earns. Money in dollars, rates in percent. */
export interface LienTerms {
  readonly faceAmount: string;
  readonly penalties: string;
  readonly premium: string;
  /** Paid on buying; not paid back. */
  readonly fees: string;
  readonly interestRate: string | null;
  /** The rate, or in Illinois the penalty, that won the sale. */
  readonly bidRate: string | null;
  readonly rules: RuleSet;
  /** Days from purchase to redemption, by the county's median. Null: the whole time that its state gives. */
  readonly medianRedemptionDays: number | null;
}

export interface Redemption {
  readonly days: number;
  readonly day: CivilDate;
  readonly interest: Decimal;
  /** What comes back. */
  readonly proceeds: Decimal;
  /** Beyond the cost. */
  readonly profit: Decimal;
  /** Percent a year of the cost, simple, to 4 decimals. */
  readonly annualYield: Decimal;
}

/** Face + premium + fees. */
export function costOf({ faceAmount, premium, fees }: LienTerms): Decimal {
  return sum(faceAmount, premium, fees);
}

/** A lien bought on one day and redeemed on a later one; null where no rate is known. */
export function redemptionOn(lien: LienTerms, span: { from: CivilDate; until: CivilDate }): Redemption | null {
  const interest = interestOn(lien, lien.faceAmount, span);
  if (interest === null) return null;
  const [cost, days] = [costOf(lien), Math.max(1, daysBetween(span.from, span.until))];
  const proceeds = sum(lien.faceAmount, interest, lien.penalties, lien.rules.premium === "lost" ? 0 : lien.premium);
  const profit = proceeds.minus(cost);
  return { days, day: span.until, interest, proceeds, profit, annualYield: simpleAnnualYield({ cost, profit, days }) };
}

/** When a lien bought on that day is likely to be redeemed, and what comes of it; null where no rate is known. */
export function expectedRedemption(lien: LienTerms, bought: CivilDate): Redemption | null {
  const days = Math.max(1, lien.medianRedemptionDays ?? redemptionDays(lien.rules, bought) ?? USUAL_DAYS);
  return redemptionOn(lien, { from: bought, until: addDays(bought, days) });
}

/** Null where no rate is known. What a lien nobody has bid on yet bears is the most that its rules allow. */
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
