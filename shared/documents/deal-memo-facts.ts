import type { LienForMetrics } from "#data/tax-liens/deal-metrics.ts";
import type { DealDetails } from "#data/tax-liens/document-subjects.ts";
import { type CivilDate, civilDateIn } from "#rules/civil-date.ts";
import type { AccrualMethod } from "#rules/tax-liens/accrual.ts";
import { withRules } from "#rules/tax-liens/county-rules.ts";
import { type LienFacts, riskFactsOf } from "#rules/tax-liens/lien-for-sale.ts";
import { dealMetrics } from "#rules/tax-liens/lien-metrics.ts";
import { expectedRedemption, type Redemption } from "#rules/tax-liens/redemption.ts";
import { returnCases } from "#rules/tax-liens/return-cases.ts";
import { RISK_FACTORS, type RiskFactor, riskParts, type RiskWeights } from "#rules/tax-liens/risk.ts";
import type { Bidding, PremiumTreatment, RuleSet } from "#rules/tax-liens/rule-sets.ts";
import { lienAndProperty, type LienWhole } from "./lien-facts.ts";
import { cents, inWords, shareOf } from "./stored-values.ts";
import type { DealMemoFacts } from "./templates/deal-memo.ts";

/** The day of the figures, and the weights of the risk factors. */
export interface FiguresOn {
  readonly asOf: CivilDate;
  readonly weights: RiskWeights;
}

/**
 * The facts of a deal memo from stored rows, with the figures of a purchase on `asOf`.
 * @throws RangeError for invalid rules of the county
 */
export function dealMemoFacts(whole: LienWhole, stored: LienForMetrics, { asOf, weights }: FiguresOn): DealMemoFacts {
  const lien = withRules(stored);
  const metrics = dealMetrics(lien, { asOf, weights });
  const expected = expectedRedemption(lien, asOf);
  const warning = metrics.implausibleValue
    ? "the liens exceed the property's value: the valuation is to be doubted"
    : null;
  return {
    asOf,
    ...lienAndProperty(whole),
    metrics: {
      cost: metrics.cost,
      ltv: metrics.ltv,
      expectedYield: shareOf(metrics.expectedYield),
      irr: shareOf(metrics.irr),
      risk: score(metrics.riskScore),
      score: score(metrics.dealScore),
      explanation: sentence([metrics.explanation, warning].filter(Boolean).join("; ")),
      riskParts: partsOf(lien, { asOf, weights }),
    },
    basis: basisOf(lien),
    redemptions: redemptionsOf(lien, asOf),
    cashFlows: cashFlowsOf(lien, metrics.cost, expected, asOf),
    rules: rulesOf(lien.rules),
  };
}

/**
 * The memo of a deal, with the stored figures by which it was ranked.
 * @param memo the memo of its lien for the day of those figures
 * @param zone IANA time zone of the decisions' days
 */
export function memoOfDeal({ deal, deals, decisions }: DealDetails, memo: DealMemoFacts, zone: string): DealMemoFacts {
  const { ltv, expectedYield, irr, riskScore, explanation } = deal.metrics;
  const hasChanged = score(riskScore) !== memo.metrics.risk;
  const changed = "What is known of the property has changed since these figures were computed.";
  return {
    ...memo,
    metrics: {
      cost: cents(deal.cost),
      ltv,
      expectedYield: shareOf(expectedYield),
      irr: shareOf(irr),
      risk: score(riskScore),
      score: score(deal.score),
      explanation: [sentence(explanation), hasChanged && changed].filter(Boolean).join(" ") || null,
      riskParts: hasChanged ? [] : (memo.metrics.riskParts ?? []),
    },
    deal: {
      rank: deal.rank,
      deals,
      status: inWords(deal.status),
      decisions: decisions.map(({ at, decision, decidedBy, reason }) => ({
        on: civilDateIn(zone, at),
        decision: inWords(decision),
        by: decidedBy,
        reason: reason.slice(0, 20_000),
      })),
    },
  };
}

const PARTS: Readonly<Record<RiskFactor, string>> = {
  ltv: "Loan to value",
  property_type: "Type of the property",
  valuation_age: "Age of the valuation",
  redemption_time: "Time to redeem used up",
  flags: "Flags of the county",
};

function partsOf(lien: LienFacts, { asOf, weights }: FiguresOn) {
  const facts = riskFactsOf(lien, asOf);
  if (!facts) return [];
  const points = riskParts(facts, weights, asOf);
  return RISK_FACTORS.map((factor) => ({
    part: PARTS[factor],
    points: points[factor].toDecimalPlaces(2).toNumber(),
    of: weights[factor],
  }));
}

function basisOf({ rules, interestRate, bidRate }: LienFacts): string {
  const bought = "As if it were bought on the day of this memo.";
  const bid = interestRate ?? bidRate;
  const rate = bid ?? rules.maxRate;
  if (rate === null || rules.accrual === "flat_then_step") return bought;
  const shown = `${Number(rate)}% ${spanOf(rules)}`;
  return bid === null
    ? `${bought} No rate has been bid: computed with ${shown}, the highest allowed.`
    : `${bought} The rate is ${shown}.`;
}

function redemptionsOf(lien: LienFacts, asOf: CivilDate) {
  return returnCases(lien, asOf).map(({ when, redemption: { day, interest, proceeds, annualYield } }) => ({
    when: when.join(", "),
    on: day,
    interest: cents(interest),
    proceeds: cents(proceeds),
    annualYield: shareOf(annualYield),
  }));
}

function cashFlowsOf(lien: LienFacts, cost: string, expected: Redemption | null, asOf: CivilDate) {
  if (!expected) return [];
  const taxes = lien.subsequentTaxes.filter(({ day }) => day >= asOf && day <= expected.day);
  // Without taxes the table of redemptions is sufficient.
  if (taxes.length === 0) return [];
  return [
    { date: asOf, what: "Purchase: face, premium and fees", amount: `-${cost}` },
    ...taxes.map(({ day, amount }) => ({ date: day, what: "Taxes of a later year", amount: `-${cents(amount)}` })),
    {
      date: expected.day,
      what: "Redemption of the certificate, without these taxes",
      amount: cents(expected.proceeds),
    },
  ];
}

const ACCRUAL: Readonly<Record<AccrualMethod, string>> = {
  monthly_simple: "Simple interest by the calendar month; the first and the last month count whole.",
  monthly_simple_minimum:
    "Simple interest by the calendar month, the first and the last counted whole; at least 5% of the face unless 0% was bid.",
  penalty_step: "The penalty that was bid, once for each six months begun.",
  flat_then_step: "10% of the minimum bid within six months and 15% after, and 5% a year on what was bid above it.",
  daily_simple: "Simple interest by the day, 365 days to the year.",
};
const BIDDING: Readonly<Record<Bidding, string>> = {
  lowest_rate: "The lowest interest rate wins.",
  lowest_penalty: "The lowest penalty wins.",
  highest_premium: "The highest amount wins.",
  unknown: "Not known.",
};
const PREMIUM: Readonly<Record<PremiumTreatment, string | null>> = {
  none: null,
  lost: "Is not paid back.",
  returned: "Is paid back on redemption.",
};

function rulesOf(rules: RuleSet) {
  const { accrual, bidding, maxRate, redemptionMonths, premium } = rules;
  return [
    { rule: "Sale", is: BIDDING[bidding] },
    { rule: "Interest", is: ACCRUAL[accrual] },
    { rule: "Highest rate", is: maxRate === null ? "Stated by the county's list." : `${maxRate}% ${spanOf(rules)}.` },
    { rule: "Time to redeem", is: redemptionMonths === null ? "Not known." : `${redemptionMonths} months.` },
    ...(PREMIUM[premium] ? [{ rule: "Premium", is: PREMIUM[premium] }] : []),
  ];
}

function spanOf({ accrual }: RuleSet): string {
  return accrual === "penalty_step" ? "each half-year" : "a year";
}

function score(value: string | null): number | null {
  return value === null ? null : Number(value);
}

function sentence(words: string | null): string | null {
  return words ? `${words[0]!.toUpperCase()}${words.slice(1)}.` : null;
}
