import { Decimal } from "decimal.js";
import { counted } from "#text/counted.ts";
import { addDays, type CivilDate, daysBetween } from "../civil-date.ts";
import { addMonths, halfYearsBegun, monthsTouched } from "./calendar-months.ts";
import { deadlineOf, expectedRedemption, type LienTerms, rateOf, type Redemption, redemptionOn } from "./redemption.ts";

/** The months that the cases of a lien cover: until its deadline, without one these. */
const [MONTHS_WITHOUT_DEADLINE, MOST_MONTHS] = [36, 60];

/** A day of redemption with its return. */
export interface ReturnCase {
  /** `as expected`, `after 6 months`; several where they are the same day. */
  readonly when: readonly string[];
  /** The computation of the interest: `13 months of 12 %`. */
  readonly basis: string;
  readonly redemption: Redemption;
}

/**
 * The return of a lien bought on a day, for every case of its law up to the last day to redeem: the expected day, one
 * month, further months by the length of the period, each day on which the rule changes, and the last day. By day.
 * Empty after the last day, and without a known rate.
 */
export function returnCases(lien: LienTerms, bought: CivilDate): ReturnCase[] {
  const expected = expectedRedemption(lien, bought);
  if (!expected) return [];
  const { day: deadline } = deadlineOf(lien, bought);
  const last = deadline ?? addMonths(bought, MONTHS_WITHOUT_DEADLINE);
  const days = new Map<CivilDate, string[]>();
  const add = (day: CivilDate, when: string) => {
    if (day <= last) days.set(day, [...(days.get(day) ?? []), when]);
  };
  add(expected.day, "as expected");
  const step = stepOf(monthsTouched(bought, last) - 1);
  for (let months = 1; months <= MOST_MONTHS; months += months === 1 && step > 1 ? step - 1 : step) {
    add(addMonths(bought, months), `after ${counted(months, "month")}`);
  }
  for (const [day, when] of changesOf(lien, bought)) add(day, when);
  if (deadline !== null) add(deadline, "on the last day to redeem");
  return [...days]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([until, when]) => {
      const span = { from: bought, until };
      return { when, basis: interestBasis(lien, span), redemption: redemptionOn(lien, span)! };
    });
}

/** Months between two cases: all of a short period, each half-year of a long one. */
function stepOf(months: number): number {
  if (months <= 6) return 1;
  return months <= 12 ? 3 : 6;
}

/** The days on which the law changes the return, besides those of full months. */
function changesOf(lien: LienTerms, bought: CivilDate): [CivilDate, string][] {
  const { accrual } = lien.rules;
  if (accrual === "flat_then_step" || accrual === "penalty_step") {
    return [[addDays(addMonths(bought, 6), 1), "the day after 6 months"]];
  }
  const { rate } = rateOf(lien);
  if (accrual !== "monthly_simple_minimum" || !rate || rate.isZero()) return [];
  const months = new Decimal(60).div(rate).floor().toNumber();
  if (months < 1 || months > MOST_MONTHS) return [];
  const nextMonth = `${addMonths(`${bought.slice(0, 7)}-01`, months).slice(0, 7)}-01`;
  return [[addDays(nextMonth, -1), "the last day of the 5 % minimum"]];
}

/** The computation of a lien's interest, in words. */
export function interestBasis(lien: LienTerms, { from, until }: { from: CivilDate; until: CivilDate }): string {
  const { accrual } = lien.rules;
  const rate = rateOf(lien).rate;
  const percent = rate === null ? "an unknown rate" : `${rate.toString()} %`;
  switch (accrual) {
    case "flat_then_step": {
      const flat = halfYearsBegun(from, until) === 1 ? "10 %" : "15 %";
      return new Decimal(lien.premium).isZero() ? flat : `${flat}, and 5 % a year on the premium`;
    }
    case "penalty_step":
      return `${counted(halfYearsBegun(from, until), "penalty", "penalties")} of ${percent}`;
    case "daily_simple":
      return `${counted(daysBetween(from, until), "day")} of ${percent}`;
    default: {
      const months = monthsTouched(from, until);
      const isLeast = accrual === "monthly_simple_minimum" && rate && !rate.isZero() && rate.times(months).lt(60);
      return isLeast ? "the 5 % minimum" : `${counted(months, "month")} of ${percent}`;
    }
  }
}
