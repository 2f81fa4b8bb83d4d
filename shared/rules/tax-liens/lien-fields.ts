/** What a list can say about a lien and its property; a county's mapping names columns for them. */
export const LIEN_FIELDS = [
  "taxYear",
  "certificateNumber",
  "parcelId",
  "address",
  "city",
  "zip",
  "legalDescription",
  "owner",
  "propertyType",
  "assessedValue",
  "bankruptcy",
  "environmental",
  "codeViolations",
  "faceAmount",
  "priorLiens",
  "penalties",
  "premium",
  "fees",
  "interestRate",
  "bidRate",
  "status",
  "saleDate",
  "redemptionDeadline",
] as const;

export type LienField = (typeof LIEN_FIELDS)[number];

/** What a list may say of a lien. */
export const LISTED_STATUSES = ["available", "sold", "redeemed", "foreclosed", "withdrawn"] as const;
export type ListedStatus = (typeof LISTED_STATUSES)[number];

export const PROPERTY_TYPES = ["residential", "commercial", "industrial", "vacant_land", "unknown"] as const;
export type PropertyType = (typeof PROPERTY_TYPES)[number];

/** A row of a list as its county writes it; a field that the list does not have is missing. */
export type WrittenLien = Readonly<Partial<Record<LienField, string>>>;

/** The same as we keep it. Money and rates are plain decimals as text, dates `YYYY-MM-DD`. */
export interface ReadLien {
  readonly taxYear: number;
  readonly certificateNumber: string | null;
  readonly parcelId: string;
  readonly address: string | null;
  readonly city: string | null;
  readonly zip: string | null;
  readonly legalDescription: string | null;
  readonly owner: string | null;
  readonly propertyType: PropertyType;
  readonly assessedValue: string | null;
  readonly bankruptcy: boolean;
  readonly environmental: boolean;
  readonly codeViolations: boolean;
  readonly faceAmount: string;
  readonly priorLiens: string;
  readonly penalties: string;
  readonly premium: string;
  readonly fees: string;
  readonly interestRate: string | null;
  readonly bidRate: string | null;
  readonly status: ListedStatus;
  readonly saleDate: string | null;
  readonly redemptionDeadline: string | null;
}
