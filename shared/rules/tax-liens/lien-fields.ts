/** The fields of a lien and its property that a list can have; the configuration of a county maps columns to them. */
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

/** How the text of a field is read. `word`: by the county's words, such as a status. */
export type FieldKind = "year" | "id" | "text" | "word" | "flag" | "amount" | "rate" | "date";

export const FIELD_KINDS = {
  taxYear: "year",
  certificateNumber: "id",
  parcelId: "id",
  address: "text",
  city: "text",
  zip: "text",
  legalDescription: "text",
  owner: "text",
  propertyType: "word",
  assessedValue: "amount",
  bankruptcy: "flag",
  environmental: "flag",
  codeViolations: "flag",
  faceAmount: "amount",
  priorLiens: "amount",
  penalties: "amount",
  premium: "amount",
  fees: "amount",
  interestRate: "rate",
  bidRate: "rate",
  status: "word",
  saleDate: "date",
  redemptionDeadline: "date",
} as const satisfies Readonly<Record<LienField, FieldKind>>;

export type FieldOf<Kind extends FieldKind> = {
  [Field in LienField]: (typeof FIELD_KINDS)[Field] extends Kind ? Field : never;
}[LienField];

/** The statuses of a lien that a list can have. */
export const LISTED_STATUSES = ["available", "sold", "redeemed", "foreclosed", "withdrawn"] as const;
export type ListedStatus = (typeof LISTED_STATUSES)[number];

export const PROPERTY_TYPES = ["residential", "commercial", "industrial", "vacant_land", "unknown"] as const;
export type PropertyType = (typeof PROPERTY_TYPES)[number];

/** A row of a list in the county's format, without the fields that the list does not have. */
export type RawLien = Readonly<Partial<Record<LienField, string>>>;

/** A parsed row. Money and rates are plain decimals as text, dates `YYYY-MM-DD`. */
export interface ParsedLien {
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
