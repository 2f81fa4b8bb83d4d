import { and, asc, eq, gt, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import type { StoredCandidate } from "./analysis-candidates.ts";
import { type Deal, type DealFigures, deals } from "./analysis-run-schema.ts";
import { type Lien, liens, properties, type Property } from "./tax-lien-schema.ts";

/** @param ranked best first @param firstRank the rank of the first one */
export async function insertDeals(
  tx: Tx,
  analysisRunId: string,
  { ranked, firstRank, now }: { ranked: readonly StoredCandidate[]; firstRank: number; now: Date },
): Promise<void> {
  const at = sql`${now.toISOString()}::timestamptz`;
  await tx.execute(sql`
    insert into ${deals} (analysis_run_id, lien_id, rank, score, cost, metrics, status_at, created_at)
    select ${analysisRunId}::uuid, (deal ->> 'lienId')::bigint, ${firstRank}::integer + ordinal::integer - 1,
           (deal ->> 'dealScore')::numeric, (deal ->> 'cost')::numeric, deal -> 'metrics', ${at}, ${at}
      from jsonb_array_elements(${JSON.stringify(ranked)}::jsonb) with ordinality as given (deal, ordinal)
     order by ordinal`);
}

/** The totals of the deals of a county; decimals as text. */
export interface DealTotals {
  readonly countyId: string;
  readonly deals: number;
  readonly cost: string;
  /** Σ cost × expected yield, and Σ cost, of the deals with a yield. */
  readonly yieldWeight: string;
  readonly yieldCost: string;
  /** Σ cost × risk score. */
  readonly riskWeight: string;
  /** Deals whose rate is assumed because their list states none. */
  readonly assumedRates: number;
}

export async function dealTotals(db: Executor, analysisRunId: string): Promise<DealTotals[]> {
  const rows = await db.execute<DealTotals & Record<string, unknown>>(sql`
    select lien.county_id as "countyId", count(*)::integer as deals, sum(deal.cost)::text as cost,
           coalesce(sum(deal.cost * (deal.metrics ->> 'expectedYield')::numeric), 0)::text as "yieldWeight",
           coalesce(sum(deal.cost) filter (where deal.metrics ->> 'expectedYield' is not null), 0)::text as "yieldCost",
           count(*) filter (where deal.metrics -> 'marks' @> '["assumed_rate"]')::integer as "assumedRates",
           sum(deal.cost * (deal.metrics ->> 'riskScore')::numeric)::text as "riskWeight"
      from ${deals} as deal
      join ${liens} as lien on lien.id = deal.lien_id
     where deal.analysis_run_id = ${analysisRunId}::uuid
     group by lien.county_id order by lien.county_id`);
  return [...rows];
}

export interface DealWithLien {
  readonly deal: Deal;
  readonly lien: Pick<Lien, "countyId" | "taxYear" | "certificateNumber" | "faceAmount" | "status">;
  readonly property: Pick<Property, "parcelId" | "address" | "propertyType">;
}

/** The deals of an analysis, best first. @param after the rank of the last one of the page before */
export async function listDeals(
  db: Executor,
  analysisRunId: string,
  { after = 0, limit }: { after?: number | undefined; limit: number },
): Promise<DealWithLien[]> {
  const { countyId, taxYear, certificateNumber, faceAmount, status } = liens;
  const { parcelId, address, propertyType } = properties;
  return db
    .select({
      deal: deals,
      lien: { countyId, taxYear, certificateNumber, faceAmount, status },
      property: { parcelId, address, propertyType },
    })
    .from(deals)
    .innerJoin(liens, eq(liens.id, deals.lienId))
    .innerJoin(properties, eq(properties.id, liens.propertyId))
    .where(and(eq(deals.analysisRunId, analysisRunId), gt(deals.rank, after)))
    .orderBy(asc(deals.rank))
    .limit(limit);
}

/** New figures for the deal of an analysis on a lien. */
export interface NewDealFigures {
  readonly analysisRunId: string;
  readonly lienId: number;
  readonly score: string | null;
  readonly metrics: DealFigures;
}

/**
 * Updates the figures of undecided deals. Without a new score a deal keeps its old one. Rank and cost stay: the budget
 * was filled by them.
 * @param figures each deal once
 */
export async function refreshDeals(tx: Tx, figures: readonly NewDealFigures[]): Promise<void> {
  if (figures.length === 0) return;
  await tx.execute(sql`
    update ${deals} as deal
       set metrics = given.metrics, score = coalesce(given.score, deal.score)
      from (
        -- One lock order, so that batches that share deals cannot deadlock.
        select d.id, new.score, new.metrics
          from jsonb_to_recordset(${JSON.stringify(figures)}::jsonb)
               as new ("analysisRunId" uuid, "lienId" bigint, score numeric, metrics jsonb)
          join ${deals} as d on d.analysis_run_id = new."analysisRunId" and d.lien_id = new."lienId"
         where d.status = 'candidate'
         order by d.id for update of d
      ) as given
     where deal.id = given.id`);
}
