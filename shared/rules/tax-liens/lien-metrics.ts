import { Decimal } from "decimal.js";
import type { CivilDate } from "../civil-date.ts";
import { isZero, type LienFacts, riskFactsOf } from "./lien-for-sale.ts";
import { explainMarks, marksOf } from "./lien-marks.ts";
import { LEAVES_GAP, type Mark } from "./marks.ts";
import { costOf, expectedRedemption, interestOn, type Redemption } from "./redemption.ts";
import { riskScore, type RiskWeights } from "./risk.ts";
import { type CashFlow, internalRateOfReturn } from "./yield.ts";

/**
 * Version of these formulas, of those they call (accrual, yield, risk) and of the facts in `rule-sets.ts`. Stored with
 * the results; increase it when a result may change, and add the change to docs/tax-lien-rules.md.
 */
export const METRICS_VERSION = 2;

export interface DealMetrics {
  /** Face + premium + fees. */
  readonly cost: string;
  /** (Face + prior liens + penalties) ÷ value, to 6 decimals; null without a value or for a value of 0. */
  readonly ltv: string | null;
  /** Whether the LTV is above 1 or the value is 0; the risk has the highest LTV then. */
  readonly implausibleValue: boolean;
  /** Percent a year of the cost, simple; null without a known rate and after the redemption deadline. */
  readonly expectedYield: string | null;
  /** Percent a year; null without subsequent taxes. */
  readonly irr: string | null;
  /** 0 to 100, higher is riskier. */
  readonly riskScore: string | null;
  /** 0 to 100, higher is better. */
  readonly dealScore: string | null;
  /** What is missing, assumed or doubtful. */
  readonly marks: readonly Mark[];
  /** Why figures are missing; null when LTV, yield, risk and score are known. */
  readonly explanation: string | null;
}

/**
 * The figures for the comparison of liens, as if the lien were bought on `asOf`.
 *
 * Yield: (accrued interest + penalties − fees − a premium that the state keeps) ÷ cost × 365 ÷ days to redemption.
 * Score: 100 × (½ · yield ÷ the state's maximum, from 0 to 1, + ½ · (1 − risk ÷ 100)), to 2 decimals.
 * After the redemption deadline there is no yield, and the score counts it as 0.
 * The formulas are this project's own; sources of the accrual are in `rule-sets.ts`.
 */
export function dealMetrics(
  lien: LienFacts,
  { asOf, weights }: { asOf: CivilDate; weights: RiskWeights },
): DealMetrics {
  const cost = costOf(lien);
  const redemption = isZero(lien.faceAmount) ? null : expectedRedemption(lien, asOf);
  const expected = redemption?.annualYield ?? null;
  const facts = riskFactsOf(lien, asOf);
  const marks = marksOf(lien, asOf, { risk: facts, redemption });
  const risk = facts && riskScore(facts, weights, asOf);
  const best = lien.rules.maxAnnualReturn;
  const counted = marks.includes("lapsed") ? new Decimal(0) : expected;
  return {
    cost: cost.toFixed(2),
    ltv: facts?.ltv.isFinite() ? facts.ltv.toFixed(6, Decimal.ROUND_HALF_UP) : null,
    implausibleValue: marks.includes("implausible_value") || marks.includes("no_value"),
    expectedYield: expected?.toFixed(4) ?? null,
    irr: redemption && lien.subsequentTaxes.length > 0 ? irrOf(lien, cost, redemption, asOf) : null,
    riskScore: risk?.toFixed(2) ?? null,
    dealScore: counted && risk && best !== null ? scoreOf(counted, best, risk) : null,
    marks,
    explanation: explanationOf(lien, asOf, marks),
  };
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
    back = back.plus(tax.amount).plus(interest ?? 0);
  }
  return internalRateOfReturn([...flows, { day, amount: back }])?.toFixed(4) ?? null;
}

function scoreOf(expected: Decimal, best: number, risk: Decimal): string {
  // A loss counts as a yield of 0, so that the score stays between 0 and 100.
  const yieldShare = Decimal.max(0, Decimal.min(1, best === 0 ? 0 : expected.div(best)));
  const safety = new Decimal(1).minus(risk.div(100));
  return yieldShare.plus(safety).times(50).toFixed(2, Decimal.ROUND_HALF_UP);
}

function explanationOf(lien: LienFacts, asOf: CivilDate, marks: readonly Mark[]): string | null {
  const gaps = marks.filter((mark) => LEAVES_GAP.has(mark));
  const reasons = explainMarks(lien, asOf, gaps).map(({ meaning }) => meaning);
  return reasons.length ? reasons.join("; ") : null;
}
