import type { LienForMetrics } from "#data/tax-liens/deal-metrics.ts";
import type { DealDetails } from "#data/tax-liens/document-subjects.ts";
import { type CivilDate, civilDateIn, daysBetween } from "#rules/civil-date.ts";
import type { AccrualMethod } from "#rules/tax-liens/accrual.ts";
import { withRules } from "#rules/tax-liens/county-rules.ts";
import { isSameFigure } from "#rules/tax-liens/deal-figures.ts";
import { type LienFacts, riskFactsOf } from "#rules/tax-liens/lien-for-sale.ts";
import { explainMarks } from "#rules/tax-liens/lien-marks.ts";
import { dealMetrics } from "#rules/tax-liens/lien-metrics.ts";
import type { Mark } from "#rules/tax-liens/marks.ts";
import { deadlineOf, expectedRedemption, rateOf, type Redemption } from "#rules/tax-liens/redemption.ts";
import { returnCases } from "#rules/tax-liens/return-cases.ts";
import { RISK_FACTORS, type RiskFactor, riskParts, type RiskWeights } from "#rules/tax-liens/risk.ts";
import type { Bidding, PremiumTreatment, RuleSet, RuleSetId } from "#rules/tax-liens/rule-sets.ts";
import { counted } from "#text/counted.ts";
import { lienAndProperty, type LienWhole } from "./lien-facts.ts";
import { cents, inWords, shareOf } from "./stored-values.ts";
import { day } from "./template-fields.ts";
import type { DealMemoFacts } from "./templates/deal-memo.ts";
import { workingsOf } from "./workings.ts";

/** The day of the figures, the weights of the risk, and the day of the memo: by default that of the figures. */
export interface FiguresOn {
  readonly asOf: CivilDate;
  readonly weights: RiskWeights;
  readonly today?: CivilDate;
}

/** Days before the last day to redeem from which the memo warns of it. */
const NEAR_DEADLINE = 90;

/** The marks of which a memo warns at its top. */
const WARNINGS: ReadonlySet<Mark> = new Set<Mark>([
  "lapsed",
  "not_available",
  "no_face_amount",
  "no_value",
  "implausible_value",
  "rate_above_maximum",
]);

/**
 * The facts of a deal memo from stored rows, with the figures of a purchase on `asOf`.
 * @throws RangeError for invalid rules of the county
 */
export function dealMemoFacts(whole: LienWhole, stored: LienForMetrics, on: FiguresOn): DealMemoFacts {
  const { asOf, weights } = on;
  const lien = withRules(stored);
  const metrics = dealMetrics(lien, { asOf, weights });
  const expected = expectedRedemption(lien, asOf);
  const shown = lienAndProperty(whole);
  const deadline = deadlineOf(lien, asOf);
  const marks = explainMarks(lien, asOf, metrics.marks);
  return {
    asOf,
    lien: { ...shown.lien, redeemableUntil: deadline.from === "purchase" ? null : deadline.day },
    property: shown.property,
    metrics: {
      cost: metrics.cost,
      ltv: metrics.ltv,
      expectedYield: shareOf(metrics.expectedYield),
      irr: shareOf(metrics.irr),
      risk: score(metrics.riskScore),
      score: score(metrics.dealScore),
      explanation: null,
      riskParts: partsOf(lien, { asOf, weights }),
    },
    warnings: [
      ...marks.filter(({ mark }) => WARNINGS.has(mark)).map(({ meaning }) => onPaper(meaning)),
      ...deadlineWarning(lien, on),
    ],
    limits: marks.filter(({ mark }) => !WARNINGS.has(mark)).map(({ meaning }) => onPaper(meaning)),
    workings: workingsOf(lien, metrics, { asOf, expected }),
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
  const metrics = {
    cost: cents(deal.cost),
    ltv,
    expectedYield: shareOf(expectedYield),
    irr: shareOf(irr),
    risk: score(riskScore),
    score: score(deal.score),
  };
  const figures = ["cost", "ltv", "expectedYield", "irr", "risk", "score"] as const;
  const hasChanged = figures.some((figure) => !isSameFigure(metrics[figure], memo.metrics[figure]));
  const changed =
    "What is known of the lien or its property, or a formula, has changed since these figures were computed.";
  return {
    ...memo,
    metrics: {
      ...metrics,
      explanation: hasChanged ? [explanation && onPaper(explanation), changed].filter(Boolean).join(" ") : null,
      riskParts: metrics.risk === memo.metrics.risk ? (memo.metrics.riskParts ?? []) : [],
    },
    workings: hasChanged ? [] : (memo.workings ?? []),
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

/** The last day to redeem, when it is near, or has passed between the figures and the memo. */
function deadlineWarning(lien: LienFacts, { asOf, today = asOf }: FiguresOn): string[] {
  const { day: last, from } = deadlineOf(lien, asOf);
  if (last === null || from === "purchase" || last < asOf) return [];
  const left = daysBetween(today, last);
  if (left < 0) return [`The time to redeem ended on ${day(last)}, after the day of these figures.`];
  if (left === 0) return ["This is the last day to redeem."];
  return left <= NEAR_DEADLINE ? [`The time to redeem ends on ${day(last)}, in ${counted(left, "day")}.`] : [];
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

function basisOf(lien: LienFacts): string {
  const bought = "As if it were bought on the day of the figures.";
  const { rate, from } = rateOf(lien);
  if (rate === null || from === "law") return bought;
  const shown = `${rate.toString()}% ${spanOf(lien.rules)}`;
  return from === "assumed"
    ? `${bought} The list states no rate: computed with ${shown}.`
    : `${bought} The rate is ${shown}.`;
}

function redemptionsOf(lien: LienFacts, asOf: CivilDate) {
  return returnCases(lien, asOf).map(({ when, basis, redemption: { day, interest, proceeds, annualYield } }) => ({
    when: when.join(", "),
    on: day,
    basis: basis.replaceAll(" %", "%"),
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

const MORE: Readonly<Partial<Record<RuleSetId, string>>> = {
  florida:
    "The time counts from April 1 of the year of issue; from then on, and for 7 years, a tax deed may be applied for.",
  illinois: "24 or 30 months by class of the property; the longer one is used here.",
  colorado: "The rate is set each year, 9 points above the federal discount rate.",
  maryland: "Each county sets its rate, from 8% to 20%.",
};

function rulesOf(rules: RuleSet) {
  const { accrual, bidding, maxRate, redemptionMonths, premium } = rules;
  return [
    { rule: "Sale", is: BIDDING[bidding] },
    { rule: "Interest", is: ACCRUAL[accrual] },
    { rule: "Highest rate", is: maxRate === null ? "Stated by the county's list." : `${maxRate}% ${spanOf(rules)}.` },
    { rule: "Time to redeem", is: redemptionMonths === null ? "Not known." : `${counted(redemptionMonths, "month")}.` },
    ...(PREMIUM[premium] ? [{ rule: "Premium", is: PREMIUM[premium] }] : []),
    ...(MORE[rules.id] ? [{ rule: "Besides", is: MORE[rules.id]! }] : []),
  ];
}

function spanOf({ accrual }: RuleSet): string {
  return accrual === "penalty_step" ? "each half-year" : "a year";
}

function score(value: string | null): number | null {
  return value === null ? null : Number(value);
}

/** A part of a sentence from the rules, as a sentence of a document. */
function onPaper(text: string): string {
  const shown = text.replaceAll(/\b\d{4}-\d{2}-\d{2}\b/g, (date) => day(date)).replaceAll(/(\d) %/g, "$1%");
  return `${shown[0]!.toUpperCase()}${shown.slice(1)}.`;
}
