import { eq, type SQL, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { dealMetrics, subsequentTaxes } from "./analysis-schema.ts";
import { counties, liens, type LienStatus, properties, type PropertyType } from "./tax-lien-schema.ts";
import { propertyValuations } from "./valuation-schema.ts";

/** The inputs of the figures of a lien. Money and rates are decimals as text. */
export interface LienForMetrics {
  readonly lienId: number;
  readonly countyId: string;
  readonly status: LienStatus;
  readonly faceAmount: string;
  readonly priorLiens: string;
  readonly penalties: string;
  readonly premium: string;
  readonly fees: string;
  readonly interestRate: string | null;
  readonly bidRate: string | null;
  readonly saleDate: string | null;
  readonly redemptionDeadline: string | null;
  readonly propertyType: PropertyType;
  /** Null: the county's list has no such column. */
  readonly bankruptcy: boolean | null;
  readonly environmental: boolean | null;
  readonly codeViolations: boolean | null;
  /** The amounts that are 0 because the county's list has no column for them. */
  readonly unknownAmounts: readonly (keyof typeof MAYBE_UNKNOWN)[];
  readonly ruleSet: string;
  readonly countyRules: Readonly<Record<string, unknown>>;
  readonly valuation: { readonly value: string; readonly day: string; readonly provider: string } | null;
  readonly subsequentTaxes: readonly { readonly day: string; readonly amount: string }[];
}

type LienFlag = "bankruptcy" | "environmental" | "codeViolations";
/** The columns of amounts that a county's list may lack. */
const MAYBE_UNKNOWN = { priorLiens: liens.priorLiens, premium: liens.premium, fees: liens.fees } as const;

/** The existing liens with the last valuation on or before a day, by id. */
export async function liensForMetrics(db: Executor, ids: readonly number[], asOf: string): Promise<LienForMetrics[]> {
  const rows = await db.execute<LienForMetrics & Record<string, unknown>>(sql`
    select lien.id::float8 as "lienId", lien.county_id as "countyId", lien.status,
           lien.face_amount::text as "faceAmount", lien.prior_liens::text as "priorLiens",
           lien.penalties::text as penalties, lien.premium::text as premium, lien.fees::text as fees,
           lien.interest_rate::text as "interestRate", lien.bid_rate::text as "bidRate",
           lien.sale_date::text as "saleDate", lien.redemption_deadline::text as "redemptionDeadline",
           property.property_type as "propertyType", ${flag("bankruptcy", sql`property.bankruptcy`)},
           ${flag("environmental", sql`property.environmental`)},
           ${flag("codeViolations", sql`property.code_violations`)},
           ${unknownAmounts()} as "unknownAmounts", county.rule_set as "ruleSet", county.rules as "countyRules",
           valuation.found as valuation, tax.paid as "subsequentTaxes"
      from ${liens} as lien
      join ${properties} as property on property.id = lien.property_id
      join ${counties} as county on county.id = lien.county_id
      left join lateral (
        select jsonb_build_object('value', value::text, 'day', day::text, 'provider', provider) as found
          from ${propertyValuations}
         where property_id = property.id and value is not null and day <= ${asOf}::date
         -- Two providers on one day: always the same one.
         order by day desc, provider limit 1
      ) as valuation on true
      cross join lateral (
        select coalesce(jsonb_agg(jsonb_build_object('day', day::text, 'amount', amount::text) order by day), '[]') as paid
          from ${subsequentTaxes} where lien_id = lien.id
      ) as tax
     where lien.id = any (${`{${ids.join(",")}}`}::bigint[])
     order by lien.id`);
  return [...rows];
}

/** A flag of a property; null when it is not raised because the county's list has no column for it. */
function flag(field: LienFlag, raised: SQL): SQL {
  return sql`case when ${raised} or ${hasColumn(field)} then ${raised} end as ${sql.identifier(field)}`;
}

/** The amounts that are 0 because the county's list has no column for them. */
function unknownAmounts(): SQL {
  const missing = Object.entries(MAYBE_UNKNOWN).map(
    ([field, { name }]) =>
      sql`case when lien.${sql.identifier(name)} = 0 and not ${hasColumn(field)} then ${literal(field)} end`,
  );
  return sql`to_jsonb(array_remove(array[${sql.join(missing, sql`, `)}], null))`;
}

/** Whether the list of `county` has a column, or a constant, for a field. */
function hasColumn(field: string): SQL {
  const name = literal(field);
  return sql`(coalesce(county.source -> 'fields' ? ${name}, false) or coalesce(county.source -> 'constants' ? ${name}, false))`;
}

function literal(name: string): SQL {
  return sql.raw(`'${name}'`);
}

/** The figures of a lien. */
export interface StoredMetrics {
  readonly lienId: number;
  readonly cost: string;
  readonly ltv: string | null;
  readonly implausibleValue: boolean;
  readonly expectedYield: string | null;
  readonly irr: string | null;
  readonly riskScore: string | null;
  readonly dealScore: string | null;
  readonly marks: readonly string[];
  readonly explanation: string | null;
}

/** The last stored figures of a lien. */
export async function findMetrics(db: Executor, lienId: number): Promise<typeof dealMetrics.$inferSelect | undefined> {
  const [found] = await db.select().from(dealMetrics).where(eq(dealMetrics.lienId, lienId));
  return found;
}

/** The day of the figures, the version of the formulas, and the time of computation. */
export interface MetricsOrigin {
  readonly asOf: string;
  readonly version: number;
  readonly now: Date;
}

/**
 * Stores the figures of many liens in one statement. Stored figures of a later day or formula version stay.
 * @param figures each lien once
 */
export async function storeMetrics(
  tx: Tx,
  figures: readonly StoredMetrics[],
  { asOf, version, now }: MetricsOrigin,
): Promise<void> {
  await tx.execute(sql`
    insert into ${dealMetrics} as stored (lien_id, as_of, version, cost, ltv, implausible_value, expected_yield, irr,
                                          risk_score, deal_score, marks, explanation, computed_at)
    select "lienId", ${asOf}::date, ${version}::integer, cost, ltv, "implausibleValue", "expectedYield", irr,
           "riskScore", "dealScore", marks, explanation, ${now.toISOString()}::timestamptz
      from jsonb_to_recordset(${JSON.stringify(figures)}::jsonb) as given
           ("lienId" bigint, cost numeric, ltv numeric, "implausibleValue" boolean, "expectedYield" numeric, irr numeric,
            "riskScore" numeric, "dealScore" numeric, marks jsonb, explanation text)
     -- One lock order, so that batches that share liens cannot deadlock.
     order by "lienId"
    on conflict (lien_id) do update
      set as_of = excluded.as_of, version = excluded.version, cost = excluded.cost, ltv = excluded.ltv,
          implausible_value = excluded.implausible_value, expected_yield = excluded.expected_yield, irr = excluded.irr,
          risk_score = excluded.risk_score, deal_score = excluded.deal_score, marks = excluded.marks,
          explanation = excluded.explanation, computed_at = excluded.computed_at
    where (stored.version, stored.as_of) <= (excluded.version, excluded.as_of)`);
}
