import { Decimal } from "decimal.js";
import { addDays, type CivilDate, daysBetween } from "../civil-date.ts";
import { accrued } from "./accrual.ts";
import { redemptionDeadline, type RuleSet } from "./rule-sets.ts";
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
  /** Null for an unsold lien. */
  readonly saleDate: CivilDate | null;
  /** As the county states it. */
  readonly redemptionDeadline: CivilDate | null;
  readonly rules: RuleSet;
  /** Median days from purchase to redemption in the county. Null: until the last day to redeem. */
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

/** The last day to redeem a lien bought on a day, and the fact from which it is known. */
export interface Deadline {
  readonly day: CivilDate | null;
  /** `purchase`: the list has neither sale nor deadline, so that the period of the state begins with the purchase. */
  readonly from: "list" | "sale" | "purchase" | "unknown";
}

export function deadlineOf(
  { redemptionDeadline: stated, saleDate, rules }: Pick<LienTerms, "redemptionDeadline" | "saleDate" | "rules">,
  bought: CivilDate,
): Deadline {
  if (stated !== null) return { day: stated, from: "list" };
  const day = redemptionDeadline(rules, saleDate ?? bought);
  if (day === null) return { day, from: "unknown" };
  return { day, from: saleDate === null ? "purchase" : "sale" };
}

/** The rate of a computation in percent, and its origin. `law`: the rules of the state fix the return. */
export interface UsedRate {
  readonly rate: Decimal | null;
  readonly from: "list" | "assumed" | "law" | "none";
  /** A stated rate above the maximum; the maximum replaces it. */
  readonly cut: Decimal | null;
}

/** The lien's own rate, else the winning bid, else `unstatedRate` of the rules; never above the maximum rate. */
export function rateOf({
  rules,
  interestRate,
  bidRate,
}: Pick<LienTerms, "rules" | "interestRate" | "bidRate">): UsedRate {
  if (rules.accrual === "flat_then_step") return { rate: null, from: "law", cut: null };
  const given = rules.accrual === "penalty_step" ? bidRate : (interestRate ?? bidRate);
  if (given === null) {
    const rate = rules.unstatedRate === null ? null : new Decimal(rules.unstatedRate);
    return { rate, from: rate === null ? "none" : "assumed", cut: null };
  }
  const rate = new Decimal(given);
  if (rules.maxRate === null || rate.lte(rules.maxRate)) return { rate, from: "list", cut: null };
  return { rate: new Decimal(rules.maxRate), from: "list", cut: rate };
}

/** The redemption of a lien bought on one day and redeemed on a later one; null without a known rate or a cost. */
export function redemptionOn(lien: LienTerms, span: { from: CivilDate; until: CivilDate }): Redemption | null {
  const interest = interestOn(lien, lien.faceAmount, span);
  const [cost, days] = [costOf(lien), Math.max(1, daysBetween(span.from, span.until))];
  if (interest === null || cost.isZero()) return null;
  const proceeds = sum(lien.faceAmount, interest, lien.penalties, lien.rules.premium === "lost" ? 0 : lien.premium);
  const profit = proceeds.minus(cost);
  return { days, day: span.until, interest, proceeds, profit, annualYield: simpleAnnualYield({ cost, profit, days }) };
}

/**
 * The expected redemption of a lien bought on a day: after the county's median time, at the latest on the last day to
 * redeem. Null without a known rate, and after that day.
 */
export function expectedRedemption(lien: LienTerms, bought: CivilDate): Redemption | null {
  const { day: last } = deadlineOf(lien, bought);
  if (last !== null && last < bought) return null;
  const { medianRedemptionDays: median } = lien;
  const usual = median === null && last !== null ? last : addDays(bought, Math.max(1, median ?? USUAL_DAYS));
  return redemptionOn(lien, { from: bought, until: last !== null && last < usual ? last : usual });
}

/** The interest on a principal; null without a known rate. */
export function interestOn(
  lien: Pick<LienTerms, "rules" | "interestRate" | "bidRate" | "premium">,
  principal: string,
  span: { from: CivilDate; until: CivilDate },
): Decimal | null {
  const { accrual } = lien.rules;
  if (accrual === "flat_then_step") return accrued(accrual, { principal, overbid: lien.premium, ...span });
  const { rate } = rateOf(lien);
  if (rate === null) return null;
  const terms = accrual === "penalty_step" ? { bidPenalty: rate } : { annualRate: rate };
  return accrued(accrual, { principal, ...terms, ...span });
}

function sum(...amounts: Decimal.Value[]): Decimal {
  return amounts.reduce<Decimal>((total, amount) => total.plus(amount), new Decimal(0));
}
