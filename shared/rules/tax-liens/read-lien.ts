import { wholeMatch } from "#text/linear-pattern.ts";
import type { CountyForms } from "./county-forms.ts";
import { FieldReader, FIRST_YEAR, LAST_YEAR, LONGEST_ID } from "./field-reader.ts";
import {
  LISTED_STATUSES,
  type ListedStatus,
  type ParsedLien,
  PROPERTY_TYPES,
  type PropertyType,
  type RawLien,
} from "./lien-fields.ts";
import type { ListRules } from "./list-rules.ts";
import { type Finding, NO_FINDINGS } from "./row-finding.ts";
import { redemptionDeadline } from "./rule-sets.ts";

/** A valid lien, or all faults for which the row is refused. */
export type LienReading = ReadLien | RefusedLien;

export interface ReadLien {
  readonly lien: ParsedLien;
  readonly faults?: never;
  readonly name?: never;
  readonly isIdLost?: never;
  /** What was assumed. */
  readonly warnings: readonly Finding[];
}

export interface RefusedLien {
  readonly lien?: never;
  readonly faults: readonly Finding[];
  /** Null when the row does not identify a lien. */
  readonly name: LienIdentity | null;
  /** Whether the row had an id that is lost, so that it may belong to any lien. */
  readonly isIdLost: boolean;
  readonly warnings: readonly Finding[];
}

/** The fields that identify a lien within a county. */
export type LienIdentity = Pick<ParsedLien, "taxYear" | "certificateNumber" | "parcelId">;

/** Above the assessed value of any parcel; a greater value is an error. */
const MOST_ASSESSED = 100_000_000_000;

/**
 * A parser for the rows of one county: it normalises each field and checks it against the rules. It reports all faults
 * of a row, those given included.
 * @param year year of the ingestion, the base of the allowed tax years
 */
export function lienReader(
  forms: CountyForms,
  rules: ListRules,
  year: number,
): (written: RawLien, faults?: readonly Finding[]) => LienReading {
  const fields = new FieldReader(forms);
  const isCertificate = rules.certificatePattern === null ? null : wholeMatch(rules.certificatePattern);
  const oldest = Math.max(FIRST_YEAR, year - rules.oldestTaxYears);
  const latest = Math.min(LAST_YEAR, year + rules.futureTaxYears);

  return (written, faults = NO_FINDINGS) => {
    fields.begin(written, faults);
    const lien = read();
    for (const field of rules.required) if (fields.isMissing(field)) fields.refuse(field, "missing", "a value");
    if (fields.faults.length === 0) return { lien, warnings: fields.warnings };
    const { taxYear, certificateNumber, parcelId } = lien;
    const isIdLost = fields.isDamaged(certificateNumber === null ? "parcelId" : "certificateNumber");
    return {
      faults: fields.faults,
      name: isName(lien) && !isIdLost ? { taxYear, certificateNumber, parcelId } : null,
      isIdLost,
      warnings: fields.warnings,
    };
  };

  function read(): ParsedLien {
    const parcelId = fields.id("parcelId");
    if (parcelId === null) fields.refuse("parcelId", "missing", "a value");
    const taxYear = readYear();
    const certificateNumber = fields.id("certificateNumber");
    if (certificateNumber !== null && isCertificate && !isCertificate(certificateNumber)) {
      fields.refuse("certificateNumber", "no-certificate", `the form ${rules.certificatePattern}`);
    }
    const faceAmount = readFace();
    const money = (field: "priorLiens" | "penalties" | "premium" | "fees") =>
      fields.amount(field, rules.maxFaceAmount) ?? "0";
    return {
      taxYear,
      certificateNumber,
      parcelId: parcelId ?? "",
      status: readStatus(),
      address: fields.text("address"),
      city: fields.text("city"),
      zip: fields.text("zip"),
      owner: fields.text("owner"),
      legalDescription: fields.text("legalDescription"),
      propertyType: readType(),
      assessedValue: fields.amount("assessedValue", MOST_ASSESSED),
      bankruptcy: fields.flag("bankruptcy"),
      environmental: fields.flag("environmental"),
      codeViolations: fields.flag("codeViolations"),
      faceAmount,
      priorLiens: money("priorLiens"),
      penalties: money("penalties"),
      premium: money("premium"),
      fees: money("fees"),
      interestRate: fields.rate("interestRate", rules.maxInterestRate),
      bidRate: fields.rate("bidRate", rules.maxBidRate),
      ...readDates(),
    };
  }

  /** 0 for a fault. */
  function readYear(): number {
    if (fields.isMissing("taxYear")) {
      fields.refuse("taxYear", "missing", "a value");
      return 0;
    }
    const taxYear = fields.year("taxYear") ?? 0;
    if (taxYear < oldest || taxYear > latest) fields.refuse("taxYear", "no-year", `a year from ${oldest} to ${latest}`);
    return taxYear;
  }

  function readFace(): string {
    if (fields.isMissing("faceAmount")) fields.refuse("faceAmount", "missing", "an amount such as 1,234.56");
    const face = fields.amount("faceAmount", rules.maxFaceAmount);
    if (face !== null && Number(face) < rules.minFaceAmount) {
      fields.refuse("faceAmount", "too-small", `at least ${rules.minFaceAmount}`);
    }
    return face ?? "0";
  }

  function readStatus(): ListedStatus {
    const word = fields.word("status") || "available";
    const status = (forms.statuses[word] ?? word) as ListedStatus;
    if (rules.statuses.includes(status)) return status;
    const isOurs = LISTED_STATUSES.includes(status);
    fields.refuse(
      "status",
      "unknown-word",
      isOurs ? `one of ${rules.statuses.join(", ")}` : "a status that source.statuses names",
    );
    return "available";
  }

  function readType(): PropertyType {
    const word = fields.word("propertyType");
    if (word === "") return "unknown";
    const stated = forms.propertyTypes[word] ?? word.replace(/[\s-]+/g, "_");
    const type = PROPERTY_TYPES.find((known) => known === stated);
    if (type === undefined) {
      const written = fields.text("propertyType")!;
      const what = `${JSON.stringify(written)} is no word of source.propertyTypes: read as unknown`;
      fields.warn("propertyType", "unmapped", what, word);
    }
    return type ?? "unknown";
  }

  function readDates(): Pick<ParsedLien, "saleDate" | "redemptionDeadline"> {
    const saleDate = fields.date("saleDate");
    const deadline = fields.date("redemptionDeadline");
    if (saleDate !== null && deadline !== null && deadline < saleDate) {
      fields.refuse("redemptionDeadline", "dates-out-of-order", `a day on or after the sale of ${saleDate}`);
    }
    const computed = saleDate === null ? null : redemptionDeadline(rules.ruleSet, saleDate);
    return { saleDate, redemptionDeadline: deadline ?? computed };
  }
}

/** Whether these fields can identify a lien. */
function isName({ taxYear, certificateNumber, parcelId }: LienIdentity): boolean {
  const identity = certificateNumber ?? parcelId;
  return taxYear > 0 && identity !== "" && identity.length <= LONGEST_ID && !identity.includes("\u0000");
}
