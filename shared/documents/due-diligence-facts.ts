import type { County, Lien, Property } from "../data/tax-liens/schema.ts";
import type { PropertyValuation } from "../data/tax-liens/valuation-schema.ts";
import { daysBetween, type CivilDate } from "../rules/civil-date.ts";

/** What the tables know of a lien. */
export interface LienWhole {
  readonly lien: Lien;
  readonly property: Property;
  readonly county: County;
  readonly valuation: PropertyValuation | undefined;
}

/** The facts of a lien's due diligence, from what the tables know; rates there are percent, in documents shares of one. */
export function dueDiligenceFacts({ lien, property, county, valuation }: LienWhole, today: CivilDate): unknown {
  const value = valuation?.value ?? property.assessedValue;
  return {
    asOf: today,
    lien: {
      certificate: lien.certificateNumber ?? lien.identity,
      ...{ county: county.name, state: county.state, taxYear: lien.taxYear, status: inWords(lien.status) },
      ...{ face: cents(lien.faceAmount), rate: shareOf(lien.interestRate ?? lien.bidRate) },
      ...{ soldOn: lien.saleDate, redeemableUntil: lien.redemptionDeadline },
    },
    property: {
      ...{ parcel: property.parcelId, type: inWords(property.propertyType) },
      address: [property.address, property.city, property.zip].filter(Boolean).join(", ") || null,
      ...{ value: value === null ? null : cents(value), valuedOn: valuation?.day ?? null },
    },
    checks: checksOf({ lien, property, county, valuation }, today),
    priorLiens:
      Number(lien.priorLiens) > 0 ? [{ holder: "As listed by the county", amount: cents(lien.priorLiens) }] : [],
  };
}

function checksOf({ lien, property, valuation }: LienWhole, today: CivilDate) {
  const flag = (check: string, isRaised: boolean) => ({
    ...{ check, result: isRaised ? "fail" : "pass" },
    detail: isRaised ? "The county's list raises this flag." : "The county's list raises no such flag.",
  });
  const isOpen = lien.status === "available" || lien.status === "sold";
  const isPast = lien.redemptionDeadline !== null && lien.redemptionDeadline < today;
  const age = valuation ? daysBetween(valuation.day, today) : null;
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
          ? "Nobody has valued the property; the value shown, if any, is the county's assessment."
          : `The last valuation is ${age} days old.`,
    },
    flag("Bankruptcy of the owner", property.bankruptcy),
    flag("Environmental lists", property.environmental),
    flag("Code violations", property.codeViolations),
  ];
}

function inWords(name: string): string {
  return name.replaceAll("_", " ");
}

/** As text with two places, rounded half up; the database's numbers have as many as they were given. */
function cents(amount: string): string {
  const [, whole, fraction = ""] = /^(\d+)(?:\.(\d+))?$/.exec(amount)!;
  const all = BigInt(whole! + fraction.padEnd(3, "0").slice(0, 3));
  const rounded = String((all + 5n) / 10n).padStart(3, "0");
  return `${rounded.slice(0, -2)}.${rounded.slice(-2)}`;
}

/** `16` → `0.16`: the point moves two places. */
function shareOf(rate: string | null): string | null {
  if (rate === null) return null;
  const [whole = "0", fraction = ""] = rate.split(".");
  const digits = whole.padStart(3, "0");
  return `${digits.slice(0, -2)}.${digits.slice(-2)}${fraction.slice(0, 10)}`;
}
