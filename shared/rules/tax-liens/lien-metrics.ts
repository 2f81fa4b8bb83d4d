import { Decimal } from "decimal.js";
import type { CivilDate } from "../civil-date.ts";
import { costOf, expectedRedemption, interestOn, type LienTerms, type Redemption } from "./redemption.ts";
import { type RiskFacts, riskScore, type RiskWeights } from "./risk.ts";
import { type CashFlow, internalRateOfReturn } from "./yield.ts";

/**
 * Version of these formulas, of those they call (accrual, yield, risk) and of the facts in `rule-sets.ts`. Stored with
 * the results; increase it when a result may change.
 */
export const METRICS_VERSION = 1;

/** Above this the liens exceed the value of the property: the value is probably wrong. */
const PLAUSIBLE_LTV = 1;

/** The facts about a lien that may be bought. Money in dollars, rates in percent. */
export interface LienFacts extends LienTerms, Omit<RiskFacts, "ltv" | "valuedOn"> {
  readonly priorLiens: string;
  readonly valuation: { readonly value: string; readonly day: CivilDate } | null;
  /** Taxes of later years, which the holder pays and which are redeemed with the lien. */
  readonly subsequentTaxes: readonly { readonly day: CivilDate; readonly amount: string }[];
}

export interface DealMetrics {
  /** Face + premium + fees. */
  readonly cost: string;
  /** (Face + prior liens + penalties) ÷ value, to 6 decimals; null without a value or for a value of 0. */
  readonly ltv: string | null;
  /** Whether the LTV is above 1; the risk score uses 1 then. */
  readonly implausibleValue: boolean;
  /** Percent a year of the cost, simple; null without a known rate. */
  readonly expectedYield: string | null;
  /** Percent a year; null without subsequent taxes. */
  readonly irr: string | null;
  /** 0 to 100, higher is riskier. */
  readonly riskScore: string | null;
  /** 0 to 100, higher is better. */
  readonly dealScore: string | null;
  /** Why figures are missing; null when LTV, yield, risk and score are known. */
  readonly explanation: string | null;
}

/**
 * The figures for the comparison of liens, as if the lien were bought on `asOf`.
 *
 * Yield: (accrued interest + penalties − fees − a premium that the state keeps) ÷ cost × 365 ÷ days to redemption.
 * Score: 100 × (½ · yield ÷ the state's maximum, from 0 to 1, + ½ · (1 − risk ÷ 100)), to 2 decimals.
 * The formulas are this project's own; sources of the accrual are in `rule-sets.ts`.
 */
export function dealMetrics(
  lien: LienFacts,
  { asOf, weights }: { asOf: CivilDate; weights: RiskWeights },
): DealMetrics {
  const cost = costOf(lien);
  const redemption = expectedRedemption(lien, asOf);
  const expected = redemption?.annualYield ?? null;
  const value = lien.valuation && new Decimal(lien.valuation.value);
  const facts = riskFactsOf(lien);
  const ltv = facts?.ltv;
  const risk = facts && riskScore(facts, weights, asOf);
  const best = lien.rules.maxAnnualReturn;
  return {
    cost: cost.toFixed(2),
    ltv: ltv?.isFinite() ? ltv.toFixed(6, Decimal.ROUND_HALF_UP) : null,
    implausibleValue: ltv?.gt(PLAUSIBLE_LTV) ?? false,
    expectedYield: expected?.toFixed(4) ?? null,
    irr: redemption && lien.subsequentTaxes.length > 0 ? irrOf(lien, cost, redemption, asOf) : null,
    riskScore: risk?.toFixed(2) ?? null,
    dealScore: expected && risk && best !== null ? scoreOf(expected, best, risk) : null,
    explanation: explanationOf(lien, value, expected),
  };
}

/** The facts for the risk score; null without a valuation. */
export function riskFactsOf(lien: LienFacts): RiskFacts | null {
  const { valuation } = lien;
  if (!valuation) return null;
  const ltv = sum(lien.faceAmount, lien.priorLiens, lien.penalties).div(valuation.value);
  return { ...lien, ltv, valuedOn: valuation.day };
}

/** Ignores taxes after the expected redemption. */
function irrOf(lien: LienFacts, cost: Decimal, { day, proceeds }: Redemption, asOf: CivilDate): string | null {
  const taxes = lien.subsequentTaxes.filter((tax) => tax.day >= asOf && tax.day <= day);
  const flows: CashFlow[] = [{ day: asOf, amount: cost.negated() }];
  let back = proceeds;
  for (const tax of taxes) {
    flows.push({ day: tax.day, amount: new Decimal(tax.amount).negated() });
    // Taxes have no overbid, so they get no interest on one.
    const interest = interestOn({ ...lien, premium: "0" }, tax.amount, { from: tax.day, until: day });
    back = back.plus(sum(tax.amount, interest ?? 0));
  }
  return internalRateOfReturn([...flows, { day, amount: back }])?.toFixed(4) ?? null;
}

function scoreOf(expected: Decimal, best: number, risk: Decimal): string {
  // A loss counts as a yield of 0, so that the score stays between 0 and 100.
  const yieldShare = Decimal.max(0, Decimal.min(1, best === 0 ? 0 : expected.div(best)));
  const safety = new Decimal(1).minus(risk.div(100));
  return yieldShare.plus(safety).times(50).toFixed(2, Decimal.ROUND_HALF_UP);
}

function explanationOf(lien: LienFacts, value: Decimal | null, expected: Decimal | null): string | null {
  const missing = [
    value === null && "the property has no valuation: no LTV, risk or score",
    value?.isZero() && "the value of the property is 0: no LTV, and the highest risk",
    expected === null && "neither the list nor the county's rules state a rate: no yield or score",
    lien.rules.maxAnnualReturn === null && "the county's rules state no maximum rate: no score",
  ].filter((reason) => typeof reason === "string");
  return missing.length ? missing.join("; ") : null;
}

function sum(...amounts: Decimal.Value[]): Decimal {
  return amounts.reduce<Decimal>((total, amount) => total.plus(amount), new Decimal(0));
}
