import type { CivilDate } from "../civil-date.ts";

/** What limits the figures of a lien: a fact that is missing, assumed or doubtful. In the order of their weight. */
export const MARKS = [
  "lapsed",
  "not_available",
  "no_face_amount",
  "no_valuation",
  "no_value",
  "implausible_value",
  "no_rate",
  "no_maximum_rate",
  "assumed_rate",
  "rate_above_maximum",
  "no_deadline",
  "assumed_sale",
  "no_redemption_history",
  "short_time",
  "unknown_type",
  "unknown_flags",
  "unknown_amounts",
] as const;
export type Mark = (typeof MARKS)[number];

/** The figures in the sentences of marks; rates in percent. */
export interface MarkFacts {
  readonly status: string;
  /** The last day to redeem; null when unknown. */
  readonly deadline: CivilDate | null;
  /** The rate of the computation; null when unknown. */
  readonly rate: string | null;
  readonly statedRate: string | null;
  /** Whether the rate of the computation is the highest that the rules allow. */
  readonly isHighestRate: boolean;
  readonly unknownFlags: readonly string[];
  readonly unknownAmounts: readonly string[];
}

/** The reason of a mark and its effect on the figures, as the part of a sentence. */
export function explainMark(mark: Mark, facts: MarkFacts): string {
  return SENTENCES[mark](facts);
}

/** The marks of missing figures. */
export const LEAVES_GAP: ReadonlySet<Mark> = new Set<Mark>([
  "lapsed",
  "no_face_amount",
  "no_valuation",
  "no_value",
  "no_rate",
  "no_maximum_rate",
]);

const SENTENCES: Readonly<Record<Mark, (facts: MarkFacts) => string>> = {
  lapsed: ({ deadline }) => `the time to redeem ended on ${deadline}: no yield, and the score counts it as 0`,
  not_available: ({ status }) =>
    `the county's list has the lien as ${status.replaceAll("_", " ")}: the figures are those of a lien for sale`,
  no_face_amount: () => "the face amount is 0: no LTV, yield, risk or score",
  no_valuation: () => "the property has no valuation: no LTV, risk or score",
  no_value: () => "the value of the property is 0: no LTV, and the highest risk",
  implausible_value: () =>
    "the liens exceed the value of the property: the valuation is doubtful, and the LTV has the highest risk",
  no_rate: () => "neither the list nor the county's rules state a rate: no yield or score",
  no_maximum_rate: () => "the county's rules state no maximum rate: no score",
  assumed_rate: ({ rate, isHighestRate }) =>
    isHighestRate
      ? `the list states no rate: the yield is computed with ${rate} %, the highest that the rules allow, and is lower with a lower bid`
      : `the list states no rate: the yield is computed with ${rate} %, the lowest that the law allows`,
  rate_above_maximum: ({ rate, statedRate }) =>
    `the stated rate of ${statedRate} % is above the maximum: the yield is computed with ${rate} %`,
  no_deadline: () => "the last day to redeem is unknown: the risk counts half of its points for it",
  assumed_sale: () =>
    "the list states neither a sale nor a last day to redeem: the time to redeem counts from the purchase",
  no_redemption_history: ({ deadline }) =>
    deadline === null
      ? "the county's usual time to redemption is unknown: the yield assumes 365 days"
      : "the county's usual time to redemption is unknown: the yield assumes the last day to redeem",
  short_time: () => "redemption is expected within 30 days: a yield a year says little about so short a time",
  unknown_type: () => "the type of the property is unknown: the risk counts it as the worst",
  unknown_flags: ({ unknownFlags }) =>
    `the county's list has no column for ${inSeries(unknownFlags)}: the risk counts half of the points of a flag for each`,
  unknown_amounts: ({ unknownAmounts }) =>
    `the county's list has no column for ${inSeries(unknownAmounts)}: they count as 0`,
};

function inSeries(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
