import { Decimal } from "decimal.js";
import type { CivilDate } from "../civil-date.ts";
import { deadlineOf, type LienTerms } from "./redemption.ts";
import type { RiskFacts } from "./risk.ts";

/** The facts about a lien that may be bought. Money in dollars, rates in percent. */
export interface LienFacts extends LienTerms, Pick<RiskFacts, "propertyType" | Flag> {
  /** From the county's list: `available`, `sold`. */
  readonly status: string;
  readonly priorLiens: string;
  /** The amounts for which the county's list has no column; they are 0. */
  readonly unknownAmounts: readonly UnknownAmount[];
  readonly valuation: { readonly value: string; readonly day: CivilDate } | null;
  /** Taxes of later years, which the holder pays and which are redeemed with the lien. */
  readonly subsequentTaxes: readonly { readonly day: CivilDate; readonly amount: string }[];
}

export type UnknownAmount = "priorLiens" | "premium" | "fees";

export const FLAGS = ["bankruptcy", "environmental", "codeViolations"] as const;
export type Flag = (typeof FLAGS)[number];

/** The facts for the risk score; null without a valuation or a face amount. */
export function riskFactsOf(lien: LienFacts, asOf: CivilDate): RiskFacts | null {
  const { faceAmount, priorLiens, penalties, valuation } = lien;
  if (!valuation || isZero(faceAmount)) return null;
  const ltv = new Decimal(faceAmount).plus(priorLiens).plus(penalties).div(valuation.value);
  return { ...lien, ltv, valuedOn: valuation.day, redemptionDeadline: deadlineOf(lien, asOf).day };
}

export function isZero(amount: string): boolean {
  return new Decimal(amount).isZero();
}
