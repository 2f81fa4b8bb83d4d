/** The lists that were once read wrongly: docs/county-lists.md states what is right. */
export interface FaultyList {
  readonly file: string;
  readonly source: Record<string, unknown>;
  /** Of each lien, the values of `fields`. */
  readonly liens?: readonly Record<string, unknown>[];
  readonly refused?: readonly (readonly string[])[];
  readonly warnings?: readonly Record<string, unknown>[];
  readonly otherRows?: number;
  readonly doubt?: string | null;
}

const DESTROYED =
  'parcelId: expected an id, but a spreadsheet has replaced it by the number without its last digits, got "1.01001E+11"';
const SMALL = { fields: { parcelId: "parcel", faceAmount: "amount" }, constants: { taxYear: "2025" } };
const FULL = { fields: { parcelId: "Parcel", certificateNumber: "Cert", taxYear: "Year", faceAmount: "Amount" } };
const and = (base: { fields: object; constants?: object }, fields: object, more: object = {}) => ({
  ...base,
  ...more,
  fields: { ...base.fields, ...fields },
});

export const FAULTY_LISTS: readonly FaultyList[] = [
  {
    file: "blank-in-amount.csv",
    source: SMALL,
    refused: [
      ['faceAmount: expected an amount such as 1,234.56, got "12 5"'],
      ['faceAmount: expected an amount such as 1,234.56, got "100 200"'],
    ],
  },
  {
    file: "blank-in-amount.csv",
    source: { ...SMALL, numbers: "blank-point" },
    liens: [{ parcelId: "B", faceAmount: "100200" }],
    refused: [['faceAmount: expected an amount such as 1,234.56, got "12 5"']],
  },
  {
    file: "two-amount-columns-joined.csv",
    source: and(SMALL, { faceAmount: { sum: ["bid", "purchase"] } }),
    liens: [{ parcelId: "C", faceAmount: "300" }],
  },
  {
    file: "amount-forms.csv",
    source: and(SMALL, { premium: "premium" }),
    liens: [
      { parcelId: "A", faceAmount: "100", premium: "0" },
      { parcelId: "B", premium: "0" },
      { parcelId: "C", premium: "0" },
      { parcelId: "D", faceAmount: "0.5", premium: "0" },
      { parcelId: "E", premium: "0" },
    ],
  },
  {
    file: "accounting-zero.csv",
    source: and(FULL, { fees: "Fees", priorLiens: "Prior" }),
    liens: [{ certificateNumber: "C-1", faceAmount: "1101", fees: "0", priorLiens: "0" }],
  },
  {
    file: "two-digit-year.csv",
    source: and(SMALL, { saleDate: "sold" }, { dates: "MM/DD/YY", constants: { taxYear: "2002" } }),
    liens: [{ parcelId: "A", saleDate: "2003-11-19" }],
  },
  {
    file: "two-digit-year.csv",
    source: and(SMALL, { saleDate: "sold" }, { dates: "MM/DD/YY", pivot: 2 }),
    liens: [{ parcelId: "A", saleDate: "1903-11-19" }],
  },
  {
    file: "dates.csv",
    source: and(FULL, { saleDate: "Sold" }, { dates: ["M/D/YY", "DD-MMM-YY"] }),
    liens: [
      { certificateNumber: "C-1", saleDate: "2026-02-10" },
      { certificateNumber: "C-2", saleDate: "2026-02-10" },
    ],
  },
  {
    file: "attributes.json",
    source: {
      fields: {
        parcelId: "attributes.parcel",
        certificateNumber: "attributes.cert",
        taxYear: "attributes.year",
        faceAmount: "attributes.amount",
        saleDate: "attributes.sold",
      },
      dates: "epoch-ms",
    },
    liens: [{ parcelId: "P1", certificateNumber: "C-1", taxYear: 2025, faceAmount: "100", saleDate: "2026-02-10" }],
  },
  {
    file: "rate-as-fraction.csv",
    source: and(SMALL, { interestRate: "rate" }, { rates: "fraction" }),
    liens: [{ interestRate: "16" }],
    warnings: [],
  },
  {
    file: "rate-as-fraction.csv",
    source: and(SMALL, { interestRate: "rate" }),
    liens: [{ interestRate: "0.16" }],
    warnings: [{ field: "interestRate", code: "rate-below-one", rows: 1, line: 2 }],
  },
  {
    file: "rate-as-fraction.csv",
    source: and(SMALL, { interestRate: "rate" }, { rates: "percent" }),
    liens: [{ interestRate: "0.16" }],
    warnings: [],
  },
  { file: "trailing-comma.csv", source: SMALL, liens: [{ parcelId: "A" }, { parcelId: "B", faceAmount: "200" }] },
  {
    file: "no-header.csv",
    source: { header: false, fields: { parcelId: 1, faceAmount: 2, taxYear: 3 } },
    liens: [
      { parcelId: "101-10-001", faceAmount: "1234.56", taxYear: 2023 },
      { parcelId: "101-10-002", faceAmount: "99", taxYear: 2023 },
    ],
  },
  {
    file: "several-counties-in-one-list.csv",
    source: { ...SMALL, where: [{ column: "County", is: ["PUTNAM"] }] },
    liens: [{ parcelId: "A", faceAmount: "100" }],
    otherRows: 1,
  },
  {
    file: "case-of-names.json",
    source: {
      fields: { parcelId: "PARCEL", certificateNumber: "Cert", taxYear: "year", faceAmount: "Amount ", owner: "owner" },
    },
    liens: [{ parcelId: "P1", certificateNumber: "C-1", taxYear: 2025, faceAmount: "100", owner: "OWNER 1" }],
    warnings: [],
  },
  {
    file: "scientific-parcel.csv",
    source: and(FULL, { owner: "Owner" }),
    refused: Array.from({ length: 3 }, () => [DESTROYED]),
    doubt: null,
  },
  {
    file: "scientific-parcel.csv",
    source: { fields: { parcelId: "Parcel", taxYear: "Year", faceAmount: "Amount" } },
    refused: Array.from({ length: 3 }, () => [DESTROYED]),
    doubt: "3 rows have ids that a spreadsheet destroyed",
  },
  {
    file: "text-guards.csv",
    source: and(FULL, { owner: "Owner" }),
    liens: [{ parcelId: "00123" }, { parcelId: "00124" }, { parcelId: "10100123" }],
    warnings: [{ field: "parcelId", code: "decimal-id", rows: 1, line: 4 }],
  },
  {
    file: "property-type-unknown-word.csv",
    source: and(SMALL, { propertyType: "use" }),
    liens: [{ parcelId: "A", propertyType: "unknown" }],
    warnings: [{ field: "propertyType", code: "unmapped", word: "single family", rows: 1 }],
  },
  {
    file: "property-type-unknown-word.csv",
    source: and(SMALL, { propertyType: "use" }, { propertyTypes: { "SINGLE  FAMILY": "residential" } }),
    liens: [{ propertyType: "residential" }],
    warnings: [],
  },
  {
    file: "unclosed-quotes-second.csv",
    source: and(FULL, { status: "Status", owner: "Owner" }),
    liens: [{ parcelId: "P-1" }, { parcelId: "P-4" }],
    refused: [["row: a quoted cell holds what looks like further rows: a quote may not be closed"]],
  },
];
