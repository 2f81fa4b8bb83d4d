import type { County, Lien, Property } from "#data/tax-liens/tax-lien-schema.ts";
import type { PropertyValuation } from "#data/tax-liens/valuation-schema.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import type { LienField } from "#rules/tax-liens/lien-fields.ts";
import { cents, inWords, shareOf } from "./stored-values.ts";

/** The stored rows of a lien. */
export interface LienWhole {
  readonly lien: Lien;
  readonly property: Property;
  readonly county: County;
  /** The last valuation of the property; undefined when there is none. */
  readonly valuation: Pick<PropertyValuation, "value" | "day" | "provider"> | undefined;
}

/** The fields of lien and property that all templates share. */
export function lienAndProperty(whole: LienWhole) {
  const { lien, property, county } = whole;
  const amount = (field: "premium" | "fees" | "penalties" | "priorLiens") =>
    Number(lien[field]) === 0 && !hasColumn(county, field) ? null : cents(lien[field]);
  return {
    lien: {
      certificate: lien.certificateNumber,
      county: county.name,
      state: county.state,
      taxYear: lien.taxYear,
      status: inWords(lien.status),
      face: cents(lien.faceAmount),
      premium: amount("premium"),
      fees: amount("fees"),
      penalties: amount("penalties"),
      rate: shareOf(lien.interestRate ?? lien.bidRate),
      prior: amount("priorLiens"),
      soldOn: lien.saleDate,
      redeemableUntil: lien.redemptionDeadline,
    },
    property: {
      parcel: property.parcelId,
      type: inWords(property.propertyType),
      address: [property.address, property.city, property.zip].filter(Boolean).join(", ") || null,
      owner: property.owner,
      legalDescription: property.legalDescription,
      ...valueOf(whole),
    },
  };
}

/** Whether the county's list has a column, or a constant, for a field: without one a default is no knowledge. */
export function hasColumn({ source }: Pick<County, "source">, field: LienField): boolean {
  return [source.fields, source.constants].some(
    (columns) => typeof columns === "object" && columns !== null && Object.hasOwn(columns, field),
  );
}

function valueOf({ valuation, property, county }: LienWhole) {
  if (valuation?.value != null) {
    const valueSource = `valuation by ${valuation.provider}`;
    return { value: cents(valuation.value), valueSource, valuedOn: valuation.day };
  }
  if (property.assessedValue === null) return { value: null, valueSource: null, valuedOn: null };
  const listedOn = county.lastIngestedAt && civilDateIn(county.timeZone, county.lastIngestedAt);
  const valueSource = "assessment by the county, in its last list; no valuation";
  return { value: cents(property.assessedValue), valueSource, valuedOn: listedOn };
}
