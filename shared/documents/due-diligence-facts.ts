import { type CivilDate, daysBetween } from "#rules/civil-date.ts";
import { lienAndProperty, type LienWhole } from "./lien-facts.ts";
import { cents, inWords } from "./stored-values.ts";
import type { DueDiligenceFacts } from "./templates/lien-due-diligence.ts";

/** The facts of a lien's due diligence from stored rows. */
export function dueDiligenceFacts(whole: LienWhole, asOf: CivilDate): DueDiligenceFacts {
  const { priorLiens } = whole.lien;
  return {
    asOf,
    ...lienAndProperty(whole),
    checks: checksOf(whole, asOf),
    priorLiens: Number(priorLiens) > 0 ? [{ holder: "As listed by the county", amount: cents(priorLiens) }] : [],
  };
}

function checksOf({ lien, property, valuation }: LienWhole, asOf: CivilDate): DueDiligenceFacts["checks"] {
  const flag = (check: string, isRaised: boolean) => ({
    check,
    result: isRaised ? ("fail" as const) : ("pass" as const),
    detail: isRaised ? "The county's list raises this flag." : "The county's list raises no such flag.",
  });
  const isOpen = lien.status === "available" || lien.status === "sold";
  const isPast = lien.redemptionDeadline !== null && lien.redemptionDeadline < asOf;
  const age = valuation ? daysBetween(valuation.day, asOf) : null;
  return [
    {
      check: "Status",
      result: isOpen ? "pass" : "fail",
      detail: `The county lists the lien as ${inWords(lien.status)}.`,
    },
    {
      check: "Redemption",
      result: isPast ? "warning" : "pass",
      detail: isPast
        ? `The time to redeem ended on ${lien.redemptionDeadline}.`
        : "The time to redeem has not ended, as far as is known.",
    },
    {
      check: "Valuation",
      result: age === null || age > 365 ? "warning" : "pass",
      detail:
        age === null
          ? "The property has no valuation; the value shown, if any, is the county's assessment."
          : `The last valuation is ${age} days old.`,
    },
    flag("Bankruptcy of the owner", property.bankruptcy),
    flag("Environmental lists", property.environmental),
    flag("Code violations", property.codeViolations),
  ];
}
