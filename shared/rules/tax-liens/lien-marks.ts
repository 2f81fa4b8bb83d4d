import { addDays, type CivilDate } from "../civil-date.ts";
import { type Flag, FLAGS, isZero, type LienFacts, type UnknownAmount } from "./lien-for-sale.ts";
import { explainMark, type Mark, MARKS } from "./marks.ts";
import { deadlineOf, rateOf, type Redemption } from "./redemption.ts";
import type { RiskFacts } from "./risk.ts";

/** Above this the liens exceed the value of the property: the value is probably wrong. */
const PLAUSIBLE_LTV = 1;

/** Days up to which a yield a year says little: a started month counts whole. */
const SHORT_TIME = 30;

/** The marks of a lien on a day, in the order of `MARKS`. */
export function marksOf(
  lien: LienFacts,
  asOf: CivilDate,
  { risk, redemption }: { risk: RiskFacts | null; redemption: Redemption | null },
): Mark[] {
  const { rules, valuation } = lien;
  const [deadline, used] = [deadlineOf(lien, asOf), rateOf(lien)];
  const isLapsed = deadline.day !== null && deadline.day < asOf;
  const marked: Readonly<Record<Mark, boolean>> = {
    lapsed: isLapsed,
    not_available: lien.status !== "available",
    no_face_amount: isZero(lien.faceAmount),
    no_valuation: valuation === null,
    no_value: valuation !== null && isZero(valuation.value),
    implausible_value: risk !== null && risk.ltv.isFinite() && risk.ltv.gt(PLAUSIBLE_LTV),
    no_rate: used.from === "none",
    no_maximum_rate: rules.maxAnnualReturn === null,
    assumed_rate: used.from === "assumed",
    rate_above_maximum: used.cut !== null,
    no_deadline: deadline.from === "unknown",
    assumed_sale: deadline.from === "purchase",
    no_redemption_history: lien.medianRedemptionDays === null && !isLapsed,
    short_time: redemption !== null && redemption.day < addDays(asOf, SHORT_TIME),
    unknown_type: lien.propertyType === "unknown",
    unknown_flags: unknownFlags(lien).length > 0,
    unknown_amounts: unknownAmounts(lien).length > 0,
  };
  return MARKS.filter((mark) => marked[mark]);
}

/** Each mark in a sentence part: the reason and its effect on the figures. */
export function explainMarks(
  lien: LienFacts,
  asOf: CivilDate,
  marks: readonly Mark[],
): { readonly mark: Mark; readonly meaning: string }[] {
  const { rate, cut } = rateOf(lien);
  const facts = {
    status: lien.status,
    deadline: deadlineOf(lien, asOf).day,
    rate: rate?.toString() ?? null,
    statedRate: cut?.toString() ?? null,
    isHighestRate: rate !== null && lien.rules.maxRate !== null && rate.gte(lien.rules.maxRate),
    unknownFlags: unknownFlags(lien).map((flag) => FLAG_NAMES[flag]),
    unknownAmounts: unknownAmounts(lien).map((amount) => AMOUNT_NAMES[amount]),
  };
  return marks.map((mark) => ({ mark, meaning: explainMark(mark, facts) }));
}

const FLAG_NAMES: Readonly<Record<Flag, string>> = {
  bankruptcy: "bankruptcy",
  environmental: "environmental lists",
  codeViolations: "code violations",
};

function unknownFlags(lien: LienFacts): Flag[] {
  return FLAGS.filter((flag) => lien[flag] === null);
}

const AMOUNT_NAMES: Readonly<Record<UnknownAmount, string>> = {
  priorLiens: "prior liens",
  premium: "the premium",
  fees: "fees",
};

/** Where sales have no premium, none is missing. */
function unknownAmounts({ unknownAmounts, rules }: LienFacts): UnknownAmount[] {
  return unknownAmounts.filter((amount) => amount !== "premium" || rules.premium !== "none");
}
