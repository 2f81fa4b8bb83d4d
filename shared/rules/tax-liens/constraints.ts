import { Decimal } from "decimal.js";
import { z } from "zod";
import { PROPERTY_TYPES, type PropertyType } from "./lien-fields.ts";
import { LEAVES_GAP, type Mark } from "./marks.ts";

/** An amount in dollars with up to 12 digits and two decimals: `"2500.00"`. */
const dollars = z
  .string()
  // Aborts on an invalid amount, because the refinements below compute with it.
  .regex(/^\d{1,12}(\.\d{1,2})?$/, {
    error: 'expected an amount in dollars as a decimal, such as "2500.00"',
    abort: true,
  });

/** The constraints of an investor; a missing one does not apply. Money in dollars, yields in percent a year. */
export const constraintsSchema = z
  .strictObject({
    /** Maximum cost of all deals together. */
    budget: dollars.refine((amount) => /[1-9]/.test(amount), "expected a budget above zero"),
    counties: z
      .array(z.string().min(1).max(64))
      .min(1, "expected at least one county")
      .max(500)
      .refine(isEachOnce, "expected each once"),
    minYield: z.number().min(0).max(1_000).optional(),
    /** 0.4 is 40 % of the property's value. */
    maxLtv: z.number().positive().max(100).optional(),
    maxRiskScore: z.number().min(0).max(100).optional(),
    minFace: dollars.optional(),
    maxFace: dollars.optional(),
    propertyTypes: z.array(z.enum(PROPERTY_TYPES)).min(1).refine(isEachOnce, "expected each once").optional(),
    maxDeals: z.int().min(1).max(10_000).optional(),
    /** Whether liens past their redemption deadline are candidates. Default false. */
    includeLapsed: z.boolean().optional(),
    /** Maximum share of the budget in one county: 0.25 is a quarter. */
    maxCountyShare: z.number().positive().max(1).optional(),
  })
  .refine(({ minFace, maxFace }) => !minFace || !maxFace || new Decimal(minFace).lte(maxFace), {
    path: ["maxFace"],
    message: "expected at least minFace",
  })
  .refine(({ budget, minFace = 0, maxCountyShare = 1 }) => new Decimal(budget).times(maxCountyShare).gte(minFace), {
    path: ["minFace"],
    message: "expected no more than the budget, or a county's share of it: no lien could be bought",
  });
export type Constraints = z.output<typeof constraintsSchema>;

/** The figures of a lien that the constraints check. Decimals as text. */
export interface Offer {
  readonly faceAmount: string;
  readonly propertyType: PropertyType;
  readonly expectedYield: string | null;
  readonly ltv: string | null;
  readonly riskScore: string | null;
  readonly dealScore: string | null;
  readonly marks: readonly Mark[];
}

/** Why a lien is no candidate: a constraint that it fails, its missed deadline, or what its score lacks. */
export type Unmet = keyof Constraints | Mark | "dealScore";

/** The first reason why a lien is no candidate; null when it is one. An unknown figure fails its constraint. */
export function unmetConstraint(offer: Offer, wanted: Constraints): Unmet | null {
  if (offer.marks.includes("lapsed") && !wanted.includeLapsed) return "lapsed";
  if (offer.dealScore === null) return offer.marks.find((mark) => LEAVES_GAP.has(mark)) ?? "dealScore";
  if (isBelow(offer.faceAmount, wanted.minFace)) return "minFace";
  if (isAbove(offer.faceAmount, wanted.maxFace)) return "maxFace";
  if (wanted.propertyTypes && !wanted.propertyTypes.includes(offer.propertyType)) return "propertyTypes";
  if (isBelow(offer.expectedYield, wanted.minYield)) return "minYield";
  if (isAbove(offer.ltv, wanted.maxLtv)) return "maxLtv";
  return isAbove(offer.riskScore, wanted.maxRiskScore) ? "maxRiskScore" : null;
}

function isBelow(value: string | null, limit: Decimal.Value | undefined): boolean {
  return limit !== undefined && (value === null || new Decimal(value).lt(limit));
}

function isAbove(value: string | null, limit: Decimal.Value | undefined): boolean {
  return limit !== undefined && (value === null || new Decimal(value).gt(limit));
}

function isEachOnce(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
