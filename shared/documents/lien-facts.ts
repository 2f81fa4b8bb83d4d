import type { County, Lien, Property } from "#data/tax-liens/tax-lien-schema.ts";
import type { PropertyValuation } from "#data/tax-liens/valuation-schema.ts";
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
export function lienAndProperty({ lien, property, county, valuation }: LienWhole) {
  const value = valuation?.value ?? property.assessedValue;
  return {
    lien: {
      certificate: lien.certificateNumber ?? lien.identity,
      county: county.name,
      state: county.state,
      taxYear: lien.taxYear,
      status: inWords(lien.status),
      face: cents(lien.faceAmount),
      rate: shareOf(lien.interestRate ?? lien.bidRate),
      prior: cents(lien.priorLiens),
      soldOn: lien.saleDate,
      redeemableUntil: lien.redemptionDeadline,
    },
    property: {
      parcel: property.parcelId,
      type: inWords(property.propertyType),
      address: [property.address, property.city, property.zip].filter(Boolean).join(", ") || null,
      value: value === null ? null : cents(value),
      valuedOn: valuation?.day ?? null,
    },
  };
}
