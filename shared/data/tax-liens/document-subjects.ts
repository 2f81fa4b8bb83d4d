import { and, asc, count, desc, eq, inArray, isNotNull, isNull, lte, max } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { type AnalysisRun, analysisRuns, type Deal, deals } from "./analysis-run-schema.ts";
import { type DecisionEvent, decisionEvents } from "./decision-schema.ts";
import { counties, type County, type Lien, liens, properties, type Property } from "./tax-lien-schema.ts";
import { type PropertyValuation, propertyValuations } from "./valuation-schema.ts";

/** A lien with its property, its county, and the last valuation of the property on or before a day. */
export async function findLienDetails(
  db: Executor,
  id: number,
  asOf: string,
): Promise<{ lien: Lien; property: Property; county: County; valuation: PropertyValuation | undefined } | undefined> {
  const [found] = await db
    .select({ lien: liens, property: properties, county: counties })
    .from(liens)
    .innerJoin(properties, eq(properties.id, liens.propertyId))
    .innerJoin(counties, eq(counties.id, liens.countyId))
    .where(eq(liens.id, id));
  if (!found) return undefined;
  const { propertyId, day, provider, value } = propertyValuations;
  const [valuation] = await db
    .select()
    .from(propertyValuations)
    .where(and(eq(propertyId, found.property.id), lte(day, asOf), isNotNull(value)))
    // Two providers on one day: the one that `liensForMetrics` uses.
    .orderBy(desc(day), asc(provider))
    .limit(1);
  return { ...found, valuation };
}

/** A deal, the number of deals of its analysis, and the decisions about it. */
export interface DealDetails {
  readonly deal: Deal;
  readonly deals: number;
  /** The decisions that changed its status, in order. */
  readonly decisions: readonly DecisionEvent[];
}

/** At most the last 200 decisions. */
export async function findDeal(db: Executor, id: number): Promise<DealDetails | undefined> {
  const [deal] = await db.select().from(deals).where(eq(deals.id, id));
  if (!deal) return undefined;
  const [all] = await db.select({ count: count() }).from(deals).where(eq(deals.analysisRunId, deal.analysisRunId));
  const decisions = await db
    .select()
    .from(decisionEvents)
    .where(and(eq(decisionEvents.dealId, id), isNull(decisionEvents.refusal)))
    .orderBy(desc(decisionEvents.id))
    .limit(200);
  return { deal, deals: all!.count, decisions: decisions.reverse() };
}

/** A purchased or written off deal. */
export interface BoughtDeal {
  readonly deal: Deal;
  readonly certificate: string;
  readonly county: string;
  /** The time of the purchase decision; null without one. */
  readonly purchasedAt: Date | null;
}

/** An analysis with its purchased and written off deals, by rank. */
export async function findBought(
  db: Executor,
  analysisRunId: string,
): Promise<{ analysis: AnalysisRun; bought: BoughtDeal[] } | undefined> {
  const [analysis] = await db.select().from(analysisRuns).where(eq(analysisRuns.id, analysisRunId));
  if (!analysis) return undefined;
  const { dealId, decision, refusal, at } = decisionEvents;
  const purchases = db
    .select({ dealId, at: max(at).as("purchased_at") })
    .from(decisionEvents)
    .where(and(eq(decisionEvents.analysisRunId, analysisRunId), eq(decision, "purchased"), isNull(refusal)))
    .groupBy(dealId)
    .as("purchases");
  const bought = await db
    .select({ deal: deals, certificate: liens.identity, county: counties.name, purchasedAt: purchases.at })
    .from(deals)
    .innerJoin(liens, eq(liens.id, deals.lienId))
    .innerJoin(counties, eq(counties.id, liens.countyId))
    .leftJoin(purchases, eq(purchases.dealId, deals.id))
    .where(and(eq(deals.analysisRunId, analysisRunId), inArray(deals.status, ["purchased", "written_off"])))
    .orderBy(asc(deals.rank));
  return { analysis, bought };
}
