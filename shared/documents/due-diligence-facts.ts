import { Decimal } from "decimal.js";
import { type CivilDate, daysBetween } from "#rules/civil-date.ts";
import { withRules } from "#rules/tax-liens/county-rules.ts";
import type { Flag } from "#rules/tax-liens/lien-for-sale.ts";
import { deadlineOf } from "#rules/tax-liens/redemption.ts";
import { counted } from "#text/counted.ts";
import { hasColumn, lienAndProperty, type LienWhole } from "./lien-facts.ts";
import { cents, inWords, shareOf } from "./stored-values.ts";
import { day, percent } from "./template-fields.ts";
import type { DueDiligenceFacts } from "./templates/lien-due-diligence.ts";

type Check = NonNullable<DueDiligenceFacts["checks"]>[number];

/**
 * The facts of a lien's due diligence from stored rows. A check without its data has the result `unknown`.
 * @throws RangeError for invalid rules of the county
 */
export function dueDiligenceFacts(whole: LienWhole, asOf: CivilDate): DueDiligenceFacts {
  const { priorLiens } = whole.lien;
  const shown = lienAndProperty(whole);
  return {
    asOf,
    ...shown,
    checks: [
      statusCheck(whole),
      redemptionCheck(whole, asOf),
      valuationCheck(whole, asOf),
      ...loanToValueCheck(whole, shown.property.value),
      flagCheck("Bankruptcy of the owner", "bankruptcy", whole),
      flagCheck("Environmental lists", "environmental", whole),
      flagCheck("Code violations", "codeViolations", whole),
    ],
    priorLiens: Number(priorLiens) > 0 ? [{ holder: "As listed by the county", amount: cents(priorLiens) }] : [],
  };
}

function statusCheck({ lien: { status } }: LienWhole): Check {
  const result = status === "available" ? "pass" : status === "sold" ? "warning" : "fail";
  return { check: "Status", result, detail: `The county's list has the lien as ${inWords(status)}.` };
}

function redemptionCheck({ lien, county }: LienWhole, asOf: CivilDate): Check {
  const { rules } = withRules({ ruleSet: county.ruleSet, countyRules: county.rules });
  const { day: last, from } = deadlineOf({ ...lien, rules }, asOf);
  const check = "Redemption";
  if (last === null || from === "purchase") {
    const detail = "The list states neither a sale nor a last day to redeem: whether that day has passed is unknown.";
    return { check, result: "unknown", detail };
  }
  if (last < asOf) return { check, result: "fail", detail: `The time to redeem ended on ${day(last)}.` };
  const left = `The time to redeem ends on ${day(last)}, in ${counted(daysBetween(asOf, last), "day")}.`;
  return { check, result: "pass", detail: left };
}

function valuationCheck({ valuation, property }: LienWhole, asOf: CivilDate): Check {
  const check = "Valuation";
  if (!valuation) {
    const assessed = property.assessedValue === null ? "" : " The value shown is the assessment of the county.";
    return { check, result: "unknown", detail: `The property has no valuation.${assessed}` };
  }
  const age = daysBetween(valuation.day, asOf);
  const detail = `The last valuation, by ${valuation.provider}, is ${counted(age, "day")} old.`;
  return { check, result: age > 365 ? "warning" : "pass", detail };
}

/** Whether all liens together exceed the value of the property. */
function loanToValueCheck({ lien }: LienWhole, value: string | null): Check[] {
  if (value === null) return [];
  const check = "Loan to value";
  if (Number(value) === 0) return [{ check, result: "warning", detail: "The value of the property is 0." }];
  const share = new Decimal(lien.faceAmount).plus(lien.priorLiens).plus(lien.penalties).div(value).times(100);
  const detail = `The known liens come to ${percent(shareOf(share))} of the value.`;
  const doubt = share.gt(100) ? " They exceed it: the value is doubtful." : "";
  return [{ check, result: share.gt(100) ? "warning" : "pass", detail: `${detail}${doubt}` }];
}

function flagCheck(check: string, flag: Flag, { property, county }: LienWhole): Check {
  if (property[flag]) return { check, result: "fail", detail: "The county's list raises this flag." };
  if (hasColumn(county, flag)) return { check, result: "pass", detail: "The county's list raises no such flag." };
  return { check, result: "unknown", detail: "Not checked: the county's list has no such column." };
}
