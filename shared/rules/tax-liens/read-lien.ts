import { wholeMatch } from "#text/linear-pattern.ts";
import { type NumberStyle, readAmount } from "./county-amount.ts";
import { dateReader } from "./county-date.ts";
import {
  type LienField,
  LISTED_STATUSES,
  type ListedStatus,
  type ParsedLien,
  PROPERTY_TYPES,
  type RawLien,
} from "./lien-fields.ts";
import type { ListRules } from "./list-rules.ts";
import { redemptionDeadline } from "./rule-sets.ts";

/** The formats and terms of a county's list. */
export interface CountyForms {
  readonly numbers: NumberStyle;
  /** `MM/DD/YYYY` */
  readonly dates: string;
  /** Its terms for statuses and property types, in lower case, mapped to ours. */
  readonly statuses: Readonly<Record<string, string>>;
  readonly propertyTypes: Readonly<Record<string, string>>;
}

/** A valid lien, or all reasons why the row is refused. */
export type LienReading =
  | { readonly lien: ParsedLien; readonly reasons?: never; readonly name?: never }
  /** The name is null when the row does not identify a lien. */
  | { readonly lien?: never; readonly reasons: readonly string[]; readonly name: LienIdentity | null };

/** The fields that identify a lien within a county. */
export type LienIdentity = Pick<ParsedLien, "taxYear" | "certificateNumber" | "parcelId">;

const LONGEST: Readonly<Partial<Record<LienField, number>>> = {
  certificateNumber: 64,
  parcelId: 64,
  zip: 16,
  city: 100,
  address: 500,
  owner: 500,
  legalDescription: 4_000,
};

/** Above the assessed value of any parcel; a greater value is an error. */
const MOST_ASSESSED = 100_000_000_000;

/** Years outside are errors, also when the rules of a county allow them; PostgreSQL does not accept all of them. */
const [FIRST_YEAR, LAST_YEAR] = [1900, 2200];

const YES: ReadonlySet<string> = new Set(["y", "yes", "true", "t", "1", "x"]);
const NO: ReadonlySet<string> = new Set(["", "n", "no", "false", "f", "0", "-"]);

/**
 * A parser for the rows of one county: it normalises each field and checks it against the rules. It reports all faults
 * of a row.
 * @param year year of the ingestion, the base of the allowed tax years
 */
export function lienReader(forms: CountyForms, rules: ListRules, year: number): (written: RawLien) => LienReading {
  const readDate = dateReader(forms.dates);
  const isCertificate = rules.certificatePattern === null ? null : wholeMatch(rules.certificatePattern);
  const allowed: ReadonlySet<string> = new Set(rules.statuses);

  return (written) => {
    const reasons: string[] = [];
    const refuse = (field: string, expected: string, got: string | undefined) => {
      reasons.push(`${field}: expected ${expected}, got ${got ? JSON.stringify(shortened(got)) : "nothing"}`);
    };

    const text = (field: LienField): string | null => {
      const tidy = written[field]?.replace(/\s+/g, " ").trim() ?? "";
      const most = LONGEST[field] ?? 200;
      if (tidy.length > most) refuse(field, `at most ${most} characters`, tidy);
      if (tidy.includes("\u0000")) refuse(field, "text without NUL characters", tidy);
      // The replacement character shows bytes that could not be decoded: no value is better than a wrong name.
      if (tidy.includes("\uFFFD")) refuse(field, "text in the encoding of the source (set source.encoding)", tidy);
      return tidy === "" ? null : tidy;
    };
    const required = (field: LienField): string => {
      const value = text(field);
      if (value === null) refuse(field, "a value", undefined);
      return value ?? "";
    };
    const number = (field: LienField, { example = "1,234.56", most = rules.maxFaceAmount, decimals = 2 } = {}) => {
      const value = written[field]?.trim() ?? "";
      if (value === "") return null;
      const read = readAmount(value, forms.numbers);
      if (read === null) refuse(field, `an amount such as ${example}`, value);
      else if (read.startsWith("-")) refuse(field, "no negative amount", value);
      else if (Number(read) > most) refuse(field, `at most ${most}`, value);
      else if ((read.split(".")[1]?.length ?? 0) > decimals) {
        refuse(field, `at most ${decimals} decimals`, value);
      } else return read;
      return null;
    };
    const date = (field: LienField) => {
      const value = written[field]?.trim() ?? "";
      if (value === "") return null;
      const read = readDate(value);
      if (read === null) refuse(field, `a date ${forms.dates}`, value);
      else if (isFarOff(Number(read.slice(0, 4)))) {
        refuse(field, `a year from ${FIRST_YEAR} to ${LAST_YEAR}`, value);
      } else return read;
      return null;
    };
    const yes = (field: LienField) => {
      const value = written[field]?.trim().toLowerCase() ?? "";
      if (!YES.has(value) && !NO.has(value)) refuse(field, "yes or no", value);
      return YES.has(value);
    };
    const rate = (field: "interestRate" | "bidRate", most: number) => {
      const value = number(field, { example: "16", most: 100, decimals: 6 });
      if (value !== null && Number(value) > most) {
        refuse(field, `at most ${most} % as the rule set has it`, value);
      }
      return value;
    };

    const parcelId = required("parcelId");
    const yearText = required("taxYear");
    const taxYear = /^\d{4}$/.test(yearText) ? Number(yearText) : 0;
    const oldest = Math.max(FIRST_YEAR, year - rules.oldestTaxYears);
    const latest = Math.min(LAST_YEAR, year + rules.futureTaxYears);
    if (yearText && (taxYear < oldest || taxYear > latest)) {
      refuse("taxYear", `a year from ${oldest} to ${latest}`, yearText);
    }
    const certificateNumber = text("certificateNumber");
    if (certificateNumber !== null && isCertificate && !isCertificate(certificateNumber)) {
      refuse("certificateNumber", `the form ${rules.certificatePattern}`, certificateNumber);
    }
    const faceAmount = number("faceAmount");
    if (!written.faceAmount?.trim()) refuse("faceAmount", "a value", undefined);
    else if (faceAmount !== null && Number(faceAmount) < rules.minFaceAmount) {
      refuse("faceAmount", `at least ${rules.minFaceAmount}`, written.faceAmount);
    }
    const statusText = text("status")?.toLowerCase() ?? "available";
    const status = (forms.statuses[statusText] ?? statusText) as ListedStatus;
    if (!allowed.has(status)) {
      const isOurs = (LISTED_STATUSES as readonly string[]).includes(status);
      refuse(
        "status",
        isOurs ? `one of ${rules.statuses.join(", ")}` : "a status that source.statuses names",
        statusText,
      );
    }
    const typeText = text("propertyType")?.toLowerCase() ?? "unknown";
    const propertyType = forms.propertyTypes[typeText] ?? typeText.replace(/[\s-]+/g, "_");
    const saleDate = date("saleDate");
    const deadline = date("redemptionDeadline");
    if (saleDate !== null && deadline !== null && deadline < saleDate) {
      refuse("redemptionDeadline", `a day on or after the sale of ${saleDate}`, written.redemptionDeadline);
    }
    const lien: ParsedLien = {
      taxYear,
      certificateNumber,
      parcelId,
      status,
      saleDate,
      address: text("address"),
      city: text("city"),
      zip: text("zip"),
      owner: text("owner"),
      legalDescription: text("legalDescription"),
      propertyType: PROPERTY_TYPES.find((type) => type === propertyType) ?? "unknown",
      assessedValue: number("assessedValue", { most: MOST_ASSESSED }),
      bankruptcy: yes("bankruptcy"),
      environmental: yes("environmental"),
      codeViolations: yes("codeViolations"),
      faceAmount: faceAmount ?? "0",
      priorLiens: number("priorLiens") ?? "0",
      penalties: number("penalties") ?? "0",
      premium: number("premium") ?? "0",
      fees: number("fees") ?? "0",
      interestRate: rate("interestRate", rules.maxInterestRate),
      bidRate: rate("bidRate", rules.maxBidRate),
      redemptionDeadline: deadline ?? (saleDate === null ? null : redemptionDeadline(rules.ruleSet, saleDate)),
    };
    for (const field of rules.required) if (!written[field]?.trim()) refuse(field, "a value", undefined);
    if (reasons.length === 0) return { lien };
    return { reasons: [...new Set(reasons)], name: isName(lien) ? { taxYear, certificateNumber, parcelId } : null };
  };
}

function isFarOff(year: number): boolean {
  return year < FIRST_YEAR || year > LAST_YEAR;
}

/** Whether these fields can identify a lien. */
function isName({ taxYear, certificateNumber, parcelId }: LienIdentity): boolean {
  const identity = certificateNumber ?? parcelId;
  return taxYear > 0 && identity !== "" && identity.length <= LONGEST.parcelId! && !identity.includes("\u0000");
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
